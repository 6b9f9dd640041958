"""The systems a suite can be run on: the product, and its peers on the same work."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from evals.errors import SystemUnknown

if TYPE_CHECKING:
    from pathlib import Path

    from evals.context import Context
    from evals.systems.base import System

PRODUCT = "sightline"
PEERS = {
    "clip": "evals.systems.clip",
    "text_rag": "evals.systems.rag",
    "endpoint": "evals.systems.endpoint",
    "txtai": "evals.systems.txtai",
}
NAMES = (PRODUCT, *PEERS)


def known(name: str) -> str:
    """Return the name if there is such a system.

    Raises:
        SystemUnknown: there is none.
    """
    if name not in NAMES:
        raise SystemUnknown(system=name, known=", ".join(NAMES))
    return name


def build_peer(name: str, context: Context, home: Path) -> System:
    """Build a peer over a home folder of its own.

    Raises:
        EvalUsage: a package or setting that it needs is missing.
    """
    peer: System = import_module(PEERS[name]).build(context, home)
    return peer
