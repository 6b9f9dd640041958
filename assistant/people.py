"""The people of a library: faces grouped on this machine, named by the library's owner alone.

Off until the owner switches it on; switching it off erases everything. Knows no screen and no
language model. Faces and groups are in ``retrieval.people``, what is said of them in ``faces``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from assistant.errors import FaceUnknown, PeopleOff, PersonUnknown
from assistant.library import NOT_IN_LIBRARY
from assistant.shelf import face_views
from assistant.views import FaceView, PeopleView, PersonView
from retrieval.catalog import people as sql
from retrieval.catalog.transactions import reading
from retrieval.errors import FacesUnavailable, WeightsError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from retrieval.blobs import BlobStore
    from retrieval.catalog.library import Catalog
    from retrieval.people import People

log = logging.getLogger("sightline.people")

CROP = 160
"""Pixels of the longer side of a face that is shown."""
_AROUND = 0.25  # of a face's size, shown on each side of it


class PeopleBook:
    """What the owner of a library may see, name and erase. Any thread.

    Args:
        library: the one that is meant when none is named.
        finder: returns what looks for faces and groups them.
        check: raises when this machine cannot look for them.
        wake: called when there is work for idle time.
    """

    def __init__(
        self,
        library: str,
        catalog: Catalog,
        blobs: BlobStore,
        finder: Callable[[], People],
        check: Callable[[], None],
        wake: Callable[[], None],
    ) -> None:
        self._library = library
        self._engine: Engine = catalog.engine
        self._catalog = catalog
        self._blobs = blobs
        self._finder = finder
        self._check = check
        self._wake = wake

    @property
    def place(self) -> str:
        """Where faces are stored: the database's file, or its address."""
        url = self._engine.url
        local = url.get_backend_name() == "sqlite"
        return str(url.database) if local else url.render_as_string(hide_password=True)

    def view(self, *, library: str | None = None) -> PeopleView:
        """Return whether faces are grouped and who was found: named people first."""
        owner = library or self._library
        with reading(self._engine) as connection:
            on = sql.wanted(connection, owner)
            found = sql.groups(connection, owner) if on else []
        people = tuple(PersonView(g.id, g.name, g.faces, g.photos) for g in found)
        waiting = self._finder().waiting(owner) if on else 0
        busy = on and (waiting > 0 or self._finder().ungrouped(owner))
        return PeopleView(on, waiting, people, busy)

    def faces(self, person: int, *, library: str | None = None) -> list[FaceView]:
        """Return the faces of a person, those of the newest photos first."""
        with reading(self._engine) as connection:
            found = sql.faces(connection, library or self._library, group=person)
        return face_views(found)

    def crop(self, face: int, *, library: str | None = None) -> bytes | None:
        """Return a small JPEG of a face, cut out of its photo now; nothing of it is kept.

        None when face or photo are gone.
        """
        with reading(self._engine) as connection:
            found = sql.face(connection, library or self._library, face)
        picture = None if found is None else self._catalog.picture(found.asset_id)
        if found is None or picture is None or not self._blobs.exists(picture.sha256):
            return None
        return _cut(self._blobs.read(picture.sha256), found.box)

    def switch_on(self, *, library: str | None = None) -> None:
        """Let faces be found and grouped from now on, in idle time or by ``look``.

        Raises:
            FacesUnavailable: this machine cannot.
        """
        self._check()
        sql.switch_on(self._engine, library or self._library)
        self._wake()

    def look(
        self,
        most: int | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        on_progress: Callable[[int], None] = lambda waiting: None,
        *,
        library: str | None = None,
    ) -> int:
        """Look for faces and group them now; return how many steps were done.

        Args:
            most: steps at most, each a photo or a round of grouping.
            on_progress: gets the number of photos that wait, after each step.

        Raises:
            PeopleOff: the owner has not switched it on.
            FacesUnavailable, WeightsError: this machine cannot; what is done stays.
        """
        owner = self._on(library)
        finder, done = self._finder(), 0
        while (most is None or done < most) and not cancelled() and finder.step(owner):
            done += 1
            on_progress(finder.waiting(owner))
        return done

    def name(self, person: int, name: str, *, library: str | None = None) -> None:
        """Call a person by a name, or by none. Who is called alike is one person from then on.

        Raises:
            PersonUnknown: there is no such person.
        """
        if not sql.name_group(self._engine, library or self._library, person, name):
            raise PersonUnknown(person=person)

    def merge(self, person: int, others: Sequence[int], *, library: str | None = None) -> None:
        """Make one person of several; the first one's name stays, if it has one.

        Raises:
            PersonUnknown: one of them is not there; nothing was changed.
        """
        if not sql.merge(self._engine, library or self._library, person, others):
            raise PersonUnknown(person=", ".join(map(str, (person, *others))))

    def move(self, face: int, name: str = "", *, library: str | None = None) -> None:
        """Take a face away from a person for good; give it to the one of that name, if named.

        Raises:
            FaceUnknown: there is no such face.
        """
        if not sql.move_face(self._engine, library or self._library, face, name):
            raise FaceUnknown(face=face)

    def forget(self, person: int, *, library: str | None = None) -> None:
        """Remove a person with every stored face; the photos stay.

        Raises:
            PersonUnknown: there is no such person.
        """
        if not sql.forget(self._engine, library or self._library, person):
            raise PersonUnknown(person=person)

    def erase(self, *, library: str | None = None) -> None:
        """Remove all faces, groups and names, and look for none from now on."""
        sql.erase(self._engine, library or self._library)

    def recognise(self, library: str, name: str, jpeg: bytes) -> list[FaceView]:
        """Return the faces of a picture that is not in the library, by those named in it.

        Nothing is stored. Where faces cannot be looked for, none are returned.
        """
        import io

        from PIL import Image, ImageOps

        try:
            with Image.open(io.BytesIO(jpeg)) as opened:
                found = self._finder().recognise(library, ImageOps.exif_transpose(opened))
        except (FacesUnavailable, WeightsError) as error:
            log.warning("faces cannot be compared: %s", error)
            return []
        return [FaceView(0, NOT_IN_LIBRARY, name, box, called) for box, called in found]

    def find(self, wanted: str, *, library: str | None = None) -> PersonView:
        """Return the person of that name or number.

        Raises:
            PeopleOff: the owner has not switched it on.
            PersonUnknown: there is none.
        """
        self._on(library)
        for person in self.view(library=library).people:
            if wanted.casefold() in (str(person.id), person.name.casefold()):
                return person
        raise PersonUnknown(person=wanted)

    def _on(self, library: str | None) -> str:
        owner = library or self._library
        with reading(self._engine) as connection:
            if not sql.wanted(connection, owner):
                raise PeopleOff
        return owner


def _cut(jpeg: bytes, box: tuple[float, float, float, float]) -> bytes:
    """Return a face with a little around it as a small JPEG."""
    import io

    from PIL import Image

    from assistant.library import crop

    x0, y0, x1, y1 = box
    dx, dy = _AROUND * (x1 - x0), _AROUND * (y1 - y0)
    wider = (max(0.0, x0 - dx), max(0.0, y0 - dy), min(1.0, x1 + dx), min(1.0, y1 + dy))
    with Image.open(io.BytesIO(crop(jpeg, wider))) as face:
        face.thumbnail((CROP, CROP))
        out = io.BytesIO()
        face.save(out, "JPEG", quality=88)
    return out.getvalue()
