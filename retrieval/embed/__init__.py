"""Embedders: one file a backend, a dict is the registry."""
