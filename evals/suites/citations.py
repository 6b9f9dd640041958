"""What an answer cites: the right file, and the right place in it (page, region, seconds).

A row's ``evidence`` lists the places that prove the answer, as locators of ``file``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evals.context import Context, Reply
from evals.errors import EvalDataInvalid
from evals.places import agreement, boxes_agreement, overlaps
from evals.suites.library import LibrarySuite, told
from evals.values import Case, Dataset, Metric, Part, Score, Scored
from retrieval.values import Locator, PageLocator, RegionLocator, TimeLocator, locator_from_json

if TYPE_CHECKING:
    from assistant.messages import Citation


class Citations(LibrarySuite):
    """See the module."""

    name = "citations"
    about = "precision and recall of citations: file, page, region, seconds"
    kinds = {"file": str, "question": str, "evidence": list}
    metrics = (
        Metric("file_precision"), Metric("file_recall"), Metric("place_precision"),
        Metric("place_recall"), Metric("page_recall"), Metric("region_iou"), Metric("seconds_iou"),
    )  # fmt: skip

    def groups(self, case: Case) -> dict[str, str]:
        kinds = {"page": "page", "region": "photo", "start": "recording", "chars": "text"}
        keys = case.data["evidence"][0]
        return {"evidence": next(name for key, name in kinds.items() if key in keys)}

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        try:
            places = [locator_from_json(place) for place in case.data["evidence"]]
        except (ValueError, KeyError, TypeError) as error:
            raise EvalDataInvalid(
                folder=str(dataset.folder), suite=self.name, detail=f"{case.id}: {error}"
            ) from error

        def work() -> Scored:
            self._shelf.id(case.data["file"])
            reply = context.ask(dataset, case.data["question"], self._shelf.library)
            shown = {
                "photo": case.data["file"],  # shown when it is one
                "question": case.data["question"],
                "expected": [case.data["file"], case.data["evidence"]],
                "got": [reply.text, [c.to_json() for c in reply.citations]],
            }
            return Scored(judge(case.data["file"], places, reply), shown)

        return [Part("cite", work, judge(case.data["file"], places, Reply("", True, ())))]


def judge(file: str, places: list[Locator], reply: Reply) -> dict[str, Score]:
    """Score the citations of one reply.

    Precision weighs nothing when nothing was cited; recall counts the wanted places that a
    citation touches; the overlaps are those of the best citation.
    """
    mine = [c for c in reply.citations if c.asset == file]
    count = len(reply.citations)
    touching = [c for c in mine if any(overlaps(place, c.locator) for place in places)]
    found = [place for place in places if any(overlaps(place, c.locator) for c in mine)]
    said = f"{told(reply)}; cited {[(c.asset, c.locator.to_json()) for c in reply.citations]}"
    scores = {
        "file_recall": Score(float(bool(mine)), said),
        "place_recall": Score(len(found) / len(places), said),
    }
    if count:
        scores["file_precision"] = Score(len(mine) / count, said, float(count))
        scores["place_precision"] = Score(len(touching) / count, said, float(count))
    pages = [place for place in places if isinstance(place, PageLocator)]
    if pages:
        scores["page_recall"] = Score(sum(p in found for p in pages) / len(pages), said)
    for place in places:
        if isinstance(place, RegionLocator) or (isinstance(place, PageLocator) and place.boxes):
            scores["region_iou"] = Score(_best(place, mine), said)
        elif isinstance(place, TimeLocator):
            scores["seconds_iou"] = Score(_best(place, mine), said)
    return scores


def _best(place: Locator, cited: list[Citation]) -> float:
    """Return the best overlap of a cited place with the wanted one."""
    best = 0.0
    for citation in cited:
        where = citation.locator
        if isinstance(place, PageLocator) and isinstance(where, PageLocator):
            best = max(best, boxes_agreement(place, where) or 0.0)
        else:
            best = max(best, agreement(place, where))
    return best


SUITE = Citations()
