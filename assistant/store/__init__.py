"""Conversations, messages, citations and feedback in SQL."""
