"""Captions as Sightline-CLIP reads them. Knows nothing of files or models."""

from __future__ import annotations


def tidy(caption: str) -> str:
    """Return a caption without the lone full stop that tokenized data sets end in."""
    return caption.strip().removesuffix(" .").strip()
