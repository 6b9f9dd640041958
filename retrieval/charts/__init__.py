"""Charts read from their pixels: axes, bars, lines and slices turned back into a table."""
