"""Streamlit pages: events in, widgets out."""
