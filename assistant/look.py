"""What a picture shows, told honestly: pixels for a model that sees, notes for any model.

Notes come from recognisers: ImageNet classes with their probabilities, text read in the picture,
date and place from its metadata, the files of the library it resembles. A model without eyes
answers from them and says so. Knows no prompts and no graph.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from assistant.i18n import Language, text
from assistant.library import NOT_IN_LIBRARY, Attached, LibraryView, crop
from assistant.messages import AssetView
from assistant.presence import told
from retrieval.embed.protocol import ImageClassifier
from retrieval.values import Box, Passage, RegionLocator

SURE = 0.3
"""Top-1 probability from which the classifier's word is given as what the picture shows."""
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Sight:
    """One look at one picture (or a region of it).

    ``region`` is what was looked at, or where the thing stands that was recognised; ``shown`` the
    chance that ``thing``, which was asked for, is in it.
    """

    name: str
    sha256: str
    asset_id: int
    jpeg: bytes
    region: Box = WHOLE
    classes: tuple[tuple[str, float], ...] = ()
    words: str = ""
    similar: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    thing: str = ""
    shown: float | None = None

    @property
    def sure(self) -> bool:
        """Whether the classifier commits itself."""
        return bool(self.classes) and self.classes[0][1] >= SURE

    def notes(self, language: Language) -> str:
        """Return what the recognisers found, as one sentence without an end mark."""
        parts = []
        if self.shown is not None:
            parts.append(told(self.thing, self.shown, language).rstrip(".。"))
        if self.classes:
            likely = self.classes[: 2 if self.sure else 3]
            named = _join([f"{label} ({share:.0%})" for label, share in likely], language)
            key = "say_classes" if self.sure else "say_classes_unsure"
            parts.append(text(key, language, classes=named))
        if self.words:
            short = " ".join(self.words.split())[:400]
            parts.append(text("say_picture_text", language, text=short))
        else:
            parts.append(text("say_no_picture_text", language))
        if taken := self.metadata.get("taken_at"):
            parts.append(text("say_taken", language, date=str(taken)[:10]))
        if place := place_of(self.metadata):
            parts.append(text("say_place", language, place=place))
        if self.similar:
            parts.append(text("say_similar", language, names=_join(self.similar, language)))
        return ("；" if language == "zh" else "; ").join(parts)

    def passage(self, language: Language) -> Passage:
        """Return the look as evidence that can be cited."""
        return Passage(
            asset_id=self.asset_id,
            asset=self.name,
            sha256=self.sha256,
            modality="image",
            media_type="image/jpeg",
            kind="pixels",
            text=self.notes(language),
            locator=RegionLocator(self.region),
            score=1.0,
            probability=1.0,
            metadata=self.metadata,
        )


class Looker:
    """Makes looks; the classifier is loaded at the first one.

    Args:
        classifier: returns the classifier, loaded at the first look.
        shows: returns the chance that a picture shows a thing; None: nobody can tell.
    """

    def __init__(
        self,
        classifier: Callable[[], ImageClassifier],
        shows: Callable[[Image.Image, str], float | None] = lambda _image, _thing: None,
    ) -> None:
        self._classifier = classifier
        self._shows = shows

    def look_at_attached(
        self, file: Attached, region: Box | None, library: LibraryView, thing: str = ""
    ) -> Sight:
        """Look at an attached picture.

        Raises:
            AssetNotFound: it is no picture.
        """
        return self._look(
            file.name,
            file.sha256,
            NOT_IN_LIBRARY,
            file.jpeg,
            region,
            library,
            thing,
            words=file.text,
            metadata=dict(file.metadata),
        )

    def look_at_asset(
        self, file: AssetView, region: Box | None, library: LibraryView, thing: str = ""
    ) -> Sight:
        """Look at a photo of the library.

        Raises:
            AssetNotFound: it is no picture.
        """
        passages = library.passages(file.id)
        meta = dict(file.meta)
        if file.taken_at:
            meta["taken_at"] = file.taken_at.isoformat()
        return self._look(
            file.name,
            file.sha256,
            file.id,
            library.picture(file.id),
            region,
            library,
            thing,
            words="\n".join(p.text for p in passages if p.kind in ("ocr", "body", "table")),
            metadata=meta,
        )

    def _look(
        self,
        name: str,
        sha256: str,
        asset_id: int,
        jpeg: bytes | None,
        region: Box | None,
        library: LibraryView,
        thing: str,
        *,
        words: str,
        metadata: dict[str, Any],
    ) -> Sight:
        if jpeg is None:
            from assistant.errors import AssetNotFound

            raise AssetNotFound(asset=name)
        pixels = crop(jpeg, region) if region else jpeg
        picture = Image.open(io.BytesIO(pixels)).convert("RGB")
        eye = self._classifier()
        classes = eye.classify([picture], top=5)[0]
        place = region or WHOLE
        if region is None and classes and classes[0][1] >= SURE:
            place = eye.regions([picture])[0]
        return Sight(
            name=name,
            sha256=sha256,
            asset_id=asset_id,
            jpeg=pixels,
            region=place,
            classes=tuple(classes),
            words=words,
            similar=_similar(library, picture, asset_id),
            metadata=metadata,
            thing=thing,
            shown=self._shows(picture, thing) if thing else None,
        )


def place_of(metadata: dict[str, Any]) -> str:
    """Return the place of a photo as coordinates; empty when it has none."""
    latitude, longitude = metadata.get("latitude"), metadata.get("longitude")
    if latitude is None or longitude is None:
        return ""
    return f"{float(latitude):.4f}, {float(longitude):.4f}"


def _similar(library: LibraryView, picture: Image.Image, own: int) -> tuple[str, ...]:
    if not library.size():
        return ()
    found = library.search(image=picture, k=4, modality="image")
    likely = [p.asset for p in found.passages if p.asset_id != own and p.probability >= 0.5]
    return tuple(dict.fromkeys(likely))[:2]


def _join(names: Sequence[str], language: Language) -> str:
    return ("、" if language == "zh" else ", ").join(names)
