"""Settings: the only reader of the environment (prefix ``SIGHTLINE_``).

Precedence: command line, environment, ``<home>/settings.toml``, defaults. Unknown keys in the
file and values out of range are refused with a sentence that names the key.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from platformdirs import user_data_path
from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from assistant.errors import SettingsInvalid

Tier = Literal["auto", "embedded", "hub", "served"]


class Settings(BaseSettings):
    """Everything that can be set, with its default and its limits."""

    model_config = SettingsConfigDict(env_prefix="SIGHTLINE_", extra="forbid", frozen=True)

    home: Path = Field(
        default_factory=lambda: user_data_path("sightline", appauthor=False),
        description="Folder of the database, files, indexes and models.",
    )
    models_dir: Path | None = Field(
        None, description="Folder of assembled model files; default `models` in the home folder."
    )
    database_url: str = Field(
        "", description="SQLAlchemy URL; default is SQLite in the home folder."
    )
    language: Literal["en", "zh"] = Field("en", description="Language of the interface.")
    library: str = Field(
        "default", pattern=r"^[\w.-]{1,64}$", description="Library used when none is named."
    )
    threads: int = Field(
        default_factory=lambda: max(1, min(os.cpu_count() or 1, 8)),
        ge=1,
        le=256,
        description="CPU threads a model may use.",
    )
    tier: Tier = Field("auto", description="Which set of weights to use.")
    weights: Literal["best", "permissive"] = Field(
        "best",
        description="Trained weights of the embedded tier: the best, for research use only, or "
        "those made of data whose licences permit every use.",
    )
    chat_model: str = Field(
        "", description="Folder or cached name of a hub chat model, or name of a served model."
    )
    quantization: Literal["auto", "none", "nf4", "int8", "gguf"] = Field(
        "auto",
        description="How a hub chat model is loaded; gguf: a GGUF file by transformers (packed on "
        "Apple's GPUs), not by llama.cpp.",
    )
    endpoint: str = Field("", description="Base URL of an OpenAI-compatible server (served tier).")
    endpoint_key: str = Field("", description="API key of that server, if it wants one.")
    joint_model: str = Field("", description="Folder of an open_clip model (hub tier).")
    rerank_model: str = Field(
        "", description="Folder of a cross-encoder that judges passages anew (hub tier)."
    )
    page_model: str = Field(
        "", description="Folder of a ColQwen2 or ColPali model that judges page images (hub tier)."
    )
    whisper_model: str = Field("", description="Folder of a faster-whisper model (hub tier).")
    context_tokens: int = Field(
        4096, ge=1024, le=131072, description="Context length of the language model."
    )
    max_answer_tokens: int = Field(384, ge=16, le=8192, description="Longest answer, in tokens.")
    temperature: float = Field(0.0, ge=0.0, le=2.0, description="0 gives repeatable answers.")
    unload_minutes: int = Field(
        20,
        ge=0,
        le=100_000,
        description="Minutes without a question after which the language model leaves memory; the "
        "next question loads it again. 0 keeps it.",
    )
    describe_photos: bool = Field(
        True, description="Let the chat model describe photos in idle time, to find them by words."
    )
    max_upload_mb: int = Field(200, ge=1, le=10240, description="Largest file taken, in MB.")
    max_megapixels: int = Field(120, ge=1, le=1000, description="Largest image taken.")
    max_pages: int = Field(2000, ge=1, le=100000, description="Longest document taken, in pages.")
    max_audio_minutes: int = Field(
        240, ge=1, le=100000, description="Longest recording taken, in minutes."
    )
    parse_timeout: int = Field(
        600, ge=5, le=86400, description="Seconds one file may go without progress."
    )
    host: str = Field("127.0.0.1", description="Address the web page listens on.")
    port: int = Field(8501, ge=1, le=65535, description="Port the web page listens on.")

    @model_validator(mode="after")
    def _expand(self) -> Self:
        object.__setattr__(self, "home", self.home.expanduser().absolute())
        folder = self.models_dir or self.home / "models"
        object.__setattr__(self, "models_dir", folder.expanduser().absolute())
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.home / 'sightline.db'}")
        return self

    @property
    def models_folder(self) -> Path:
        """The folder of model files, never None."""
        assert self.models_dir is not None
        return self.models_dir


def load_settings(**overrides: Any) -> Settings:
    """Read the settings once, at the edge of the program.

    Args:
        overrides: values from the command line; None means not given.

    Raises:
        SettingsInvalid: a key is unknown or a value is out of range.
    """
    given = {key: value for key, value in overrides.items() if value is not None}
    try:
        home = Settings(**given).home
        return Settings(**{**_from_file(home / "settings.toml"), **given})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "settings"
        raise SettingsInvalid(key=key, detail=first["msg"]) from error


def apply_process_defaults(settings: Settings) -> None:
    """Set what libraries read from the environment when they are first imported.

    Threads are bounded, and nothing may phone home: no model hub, no tracing. numpy's products are
    small, and two OpenBLAS threads that spin for each other on a busy machine took 200 ms for the
    heads of a batch of photos that one thread does in 5.
    """
    defaults = {
        "OMP_NUM_THREADS": str(settings.threads),
        "OPENBLAS_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "LANGSMITH_TRACING": "false",
        "LANGGRAPH_STRICT_MSGPACK": "true",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def _from_file(path: Path) -> dict[str, Any]:
    """Return the file's values, less those that the environment sets."""
    if not path.is_file():
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(key=str(path), detail=str(error)) from error
    return {k: v for k, v in values.items() if f"SIGHTLINE_{k.upper()}" not in os.environ}
