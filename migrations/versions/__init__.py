"""One change a revision."""
