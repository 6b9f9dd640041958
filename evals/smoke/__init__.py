"""Small sets of every suite's shape, made on the spot: nothing is fetched, all may be shown.

Photos come from scikit-image (CC0 or public domain), papers are drawn, texts and captions were
written for this project, voices were spoken once by Flite and are committed (``voices``).
"""

from __future__ import annotations

from pathlib import Path

from evals.smoke.make import make_smoke

__all__ = ["VOICES", "make_smoke"]
VOICES = Path(__file__).with_name("voices")
