"""One file per family of formats; a dict is the registry."""
