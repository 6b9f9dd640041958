"""ONNX Runtime sessions, and the graphs that are derived once from weight files.

Why ONNX Runtime and not torch (measured on one thread of a 2-core AVX2 machine): Lite2 31.9
photos a second against 7.8 in torch (channels_last); e5 12.0 passages of 180 tokens a second
in int8 against 7.4 in torch dynamic int8; and ``import torch`` alone holds 500 MB and timm
another 200, while a session holds little more than its weights.

A derived graph lies beside its source under a name that tells its version; its checksum lies in
a file beside it. A graph that does not match is built again, so a damaged cache is never used.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from retrieval.errors import DiskFull, WeightsError


def derived(source: Path, name: str, build: Callable[[Path], bytes]) -> Path:
    """Return the file ``name`` beside ``source``, building it from there if it is not whole.

    Raises:
        DiskFull: there is no room for it.
        WeightsError: the folder cannot be written.
    """
    target = source.with_name(name)
    seal = target.with_name(f"{name}.sha256")
    try:
        if seal.read_text(encoding="ascii") == _sha256(target):
            return target
    except OSError:
        pass  # not built yet, or one of the two files is gone: build it
    body = build(source)
    try:
        _write(target, body)
        _write(seal, hashlib.sha256(body).hexdigest().encode("ascii"))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(path=target) from error
        raise WeightsError(model=source.stem, detail=f"{target}: {error.strerror}") from error
    return target


def open_session(model: Path | bytes, threads: int, name: str) -> Any:
    """Open an ``onnxruntime.InferenceSession`` on the CPU.

    Waiting threads sleep instead of spinning: on a busy machine of two cores spinning makes two
    threads several times slower than one.

    Raises:
        WeightsError: the graph cannot be read.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(
            model if isinstance(model, bytes) else str(model),
            options,
            providers=["CPUExecutionProvider"],
        )
    except Exception as error:  # ONNX Runtime raises a dozen unrelated classes
        raise WeightsError(model=name, detail=str(error)) from error


def _write(target: Path, body: bytes) -> None:
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as out:
            out.write(body)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
