"""Timings as ratios against the bare library on the same work in the same run."""

from assistant.config import apply_process_defaults, load_settings

apply_process_defaults(load_settings())  # before numpy is loaded, as the program itself does
