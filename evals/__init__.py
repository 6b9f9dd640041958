"""Evaluation suites, runner and reports."""
