"""Search in every direction: words or a picture, or both, find photos or texts.

A row asks by ``query`` (words), ``image`` (a picture), or both, for files of one kind
(``target``), of which the ``relevant`` ones are named, with gains or without.
"""

from __future__ import annotations

from typing import Any

from evals.context import Context, Query
from evals.errors import EvalDataInvalid
from evals.metrics import hit_at, ndcg_at, reciprocal_rank
from evals.suites.library import LibrarySuite
from evals.values import Case, Dataset, Metric, Part, Score, Scored

DIRECTIONS = ("t2i", "i2i", "i2t", "t2t", "ti2i")
_FIGURES = ("r1", "r10", "mrr", "ndcg10")
_DEPTH = 10
_PASSAGES = 60


class Retrieval(LibrarySuite):
    """See the module."""

    name = "retrieval"
    about = "search in four directions and by a picture with words: recall, MRR, nDCG"
    roles = ("library",)
    kinds = {"relevant": (list, dict), "target": str}
    query_keys = ("image",)
    metrics = tuple(Metric(f"{d}_{figure}") for d in DIRECTIONS for figure in _FIGURES)

    def groups(self, case: Case) -> dict[str, str]:
        found = {"language": str(case.data["language"])} if case.data.get("language") else {}
        return {**found, "target": str(case.data["target"])}

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        way = direction(case.data)
        if way not in DIRECTIONS:
            raise EvalDataInvalid(
                folder=str(dataset.folder), suite=self.name,
                detail=f"{case.id} asks in no known direction ({way})",
            )  # fmt: skip

        def work() -> Scored:
            found = self._ranked(case, dataset, context)
            wanted = gains(case.data["relevant"])
            said = f"first are {', '.join(found[:3]) or 'nothing'}"
            values = {
                "r1": hit_at(found, wanted, 1),
                "r10": hit_at(found, wanted, _DEPTH),
                "mrr": reciprocal_rank(found, wanted),
                "ndcg10": ndcg_at(found, wanted, _DEPTH),
            }
            scores = {f"{way}_{figure}": Score(value, said) for figure, value in values.items()}
            shown = {
                "question": case.data.get("query", ""),
                "photo": case.data.get("image", ""),
                "expected": list(wanted),
                "got": found[:5],
            }
            return Scored(scores, shown)

        return [Part(way, work, {f"{way}_{figure}": Score(0.0) for figure in _FIGURES})]

    def _ranked(self, case: Case, dataset: Dataset, context: Context) -> list[str]:
        """Return the files found, each once, the best first."""
        picture = case.data.get("image")
        asked = Query(
            self._shelf.library,
            str(case.data.get("query") or ""),
            image=self.query_file(case, "image", dataset, context) if picture else None,
            k=_PASSAGES,
            modality=case.data["target"],
        )
        passages = context.search(dataset, asked)
        return list(dict.fromkeys(passage.asset for passage in passages))


def direction(values: Any) -> str:
    """Return ``t2i``, ``i2t``, … from what a row asks by and for."""
    by = ("t" if values.get("query") else "") + ("i" if values.get("image") else "")
    return f"{by}2{'i' if values['target'] == 'image' else 't'}"


def gains(relevant: Any) -> dict[str, float]:
    """Return the gain of each relevant file; without gains each is worth 1."""
    if isinstance(relevant, dict):
        return {str(name): float(gain) for name, gain in relevant.items()}
    return dict.fromkeys(map(str, relevant), 1.0)


SUITE = Retrieval()
