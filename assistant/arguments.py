"""The arguments of each tool, checked before it is used: names, kinds and bounds.

Docstrings and descriptions are what a model that calls tools reads. Knows no tool.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assistant.marks_asked import Mark
from retrieval.values import Box, Modality

Colour = Literal["red", "orange", "yellow", "green", "blue", "purple", "pink"]


class Arguments(BaseModel):
    """Base of all arguments: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SearchLibrary(Arguments):
    """Find passages, photos and recordings in the user's library by words or by a picture."""

    query: str = Field("", max_length=2000, description="Words to look for.")
    file: str = Field("", description="Search inside this file only.")
    image: str = Field("", description="Name of an attached picture to look for.")
    modality: Modality | None = Field(None, description="Only this kind of file.")
    taken_from: datetime | None = Field(None, description="Only photos taken at or after this.")
    taken_to: datetime | None = Field(None, description="Only photos taken at or before this.")
    tag: str = Field("", max_length=60, description="Only files under this tag.")
    k: int = Field(8, ge=1, le=50, description="How many passages.")


class ReadDocument(Arguments):
    """Read a file of the library, or an attached one, from page to page."""

    file: str = Field(description="Its name.")
    first_page: int | None = Field(None, ge=1)
    last_page: int | None = Field(None, ge=1)
    page: int | None = Field(None, ge=1, description="Only this page, as printed or as counted.")
    counted: bool = Field(False, description="The page is meant as counted: the second one.")
    section: str = Field("", max_length=200, description="Only what stands under this heading.")


class OutlineDocument(Arguments):
    """List the sections of a long file with their pages, to choose what to read."""

    file: str = Field(description="Its name.")


class LookAtImage(Arguments):
    """Look at a photo, or at a region of it: what it shows, text in it, date and place."""

    file: str = Field(description="Its name.")
    region: Box | None = Field(None, description="(x0, y0, x1, y1) in 0..1, origin top-left.")
    thing: str = Field("", max_length=100, description="Tell how likely it shows this thing.")


class FindFaces(Arguments):
    """Count the faces in a photo and tell where they are, and whom of them the user named."""

    file: str = Field(description="Its name.")


class FindPeople(Arguments):
    """Find the photos that show people whom the user named; knows nobody else."""

    names: list[str] = Field(min_length=1, max_length=8, description="Who all must be in them.")
    query: str = Field("", max_length=400, description="What else they show.")
    taken_from: datetime | None = Field(None, description="Only photos taken at or after this.")
    taken_to: datetime | None = Field(None, description="Only photos taken at or before this.")


class ReadChart(Arguments):
    """Read the values of the bar, line and pie charts in a picture or document, also where no
    numbers are printed."""

    file: str = Field(description="Its name.")
    page: int | None = Field(None, ge=1, description="Only the charts of this page.")


class FindMarks(Arguments):
    """Look at the pages of a document for words in a colour, under a marker pen, or blacked out,
    or for the colours that are on them. Text alone does not tell."""

    file: str = Field(description="Its name.")
    mark: Mark = Field(description="What is looked for.")
    colour: Colour | None = Field(None, description="Only in this colour.")
    page: int | None = Field(None, ge=1, description="Only on this page, as counted.")


class Transcribe(Arguments):
    """Return what is said in a recording, with times."""

    file: str = Field(description="Its name.")


class Calculate(Arguments):
    """Work out an arithmetic expression exactly."""

    expression: str = Field(min_length=1, max_length=400)


class ListAssets(Arguments):
    """List or count files of the library by kind, by name, or by what they show."""

    query: str = Field("", max_length=400, description="What they show or say.")
    modality: Modality | None = None
    taken_from: datetime | None = Field(None, description="Only photos taken at or after this.")
    taken_to: datetime | None = Field(None, description="Only photos taken at or before this.")
    tag: str = Field("", max_length=60, description="Only files under this tag.")
    limit: int = Field(200, ge=1, le=5000)


class SummariseAlbum(Arguments):
    """Tell what is in an album: how many files, when and where, and a line for each."""

    album: str = Field(min_length=1, max_length=60, description="Its name: a tag.")


class Extract(Arguments):
    """Read typed fields (total, date, company, address, phone, email, number, tax) of a file."""

    file: str = Field(description="Its name.")


class OnText(Arguments):
    """Base of the tools that work on one text: a file's, or words that are given."""

    file: str = Field("", description="Name of a file or recording.")
    text: str = Field("", max_length=8000, description="The words themselves, instead of a file.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.file.strip()) == bool(self.text.strip()):
            raise ValueError("give either file or text")
        return self


class Summarise(OnText):
    """Sum up a document, a recording or a text in a few sentences."""


class Translate(OnText):
    """Translate a document, a recording or a text into English or Chinese."""

    to: Literal["en", "zh"] = Field(description="The language to translate into.")


class Sentiment(OnText):
    """Tell the mood of a document, a recording or a text: positive, negative or neutral."""


class Entities(OnText):
    """List the people, organisations, places and dates in a text, and how they are linked."""


ARGUMENTS: dict[str, type[Arguments]] = {
    "search_library": SearchLibrary,
    "read_document": ReadDocument,
    "outline_document": OutlineDocument,
    "look_at_image": LookAtImage,
    "find_faces": FindFaces,
    "find_people": FindPeople,
    "read_chart": ReadChart,
    "find_marks": FindMarks,
    "transcribe": Transcribe,
    "calculate": Calculate,
    "list_assets": ListAssets,
    "summarise_album": SummariseAlbum,
    "extract": Extract,
    "summarise": Summarise,
    "translate": Translate,
    "sentiment": Sentiment,
    "entities": Entities,
}
