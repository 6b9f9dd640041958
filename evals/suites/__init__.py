"""One file a suite; each exports ``SUITE``."""
