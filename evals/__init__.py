"""Evaluation: suites of cases over data folders, a runner, reports, and baselines that hold."""
