"""Timings as ratios against the bare library on the same work in the same run."""
