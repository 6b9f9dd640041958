"""Shared fixtures: a fresh home with a migrated database, and the real models, assembled once."""

from __future__ import annotations

import os
import shutil

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before any numeric library starts its pool

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from assistant.config import Settings
from assistant.store.migrate import migrate
from retrieval.catalog.base import open_engine
from retrieval.weights import ModelStore

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's own home, and none may reach a model hub."""
    for name in [n for n in os.environ if n.startswith("SIGHTLINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SIGHTLINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SIGHTLINE_MODELS_DIR", str(ROOT / ".cache" / "models"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder of the real, verified model files; each is assembled when first asked for."""
    return ROOT / ".cache" / "models"


@pytest.fixture(scope="session")
def model_store(models_dir: Path) -> ModelStore:
    """The store over that folder."""
    return ModelStore(models_dir)


@pytest.fixture
def settings(tmp_path: Path, models_dir: Path) -> Settings:
    """Settings over a fresh home."""
    return Settings(home=tmp_path / "home", models_dir=models_dir, threads=1)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file made by the migrations once; tests start from copies of it."""
    folder = tmp_path_factory.mktemp("template")
    opened = open_engine(f"sqlite:///{folder / 'sightline.db'}")
    migrate(opened, folder / "backups")
    opened.dispose()
    return folder / "sightline.db"


@pytest.fixture
def engine(settings: Settings, migrated: Path) -> Iterator[Engine]:
    """A database of its own at the newest revision."""
    settings.home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(migrated, settings.home / "sightline.db")
    opened = open_engine(settings.database_url)
    yield opened
    opened.dispose()
