"""Documents with tables and charts, all in one library: the file, its evidence page, the answer."""

from __future__ import annotations

from evals.answers import plain
from evals.context import Context, Query
from evals.metrics import anls, recall_at
from evals.suites.library import LibrarySuite, answers_of, named_right, told
from evals.suites.long_documents import pages_of
from evals.suites.open_vqa import close_number
from evals.values import Case, Dataset, Metric, Part, Score, Scored
from retrieval.values import PageLocator

_DEPTH = 3
_PASSAGES = 40


class Documents(LibrarySuite):
    """See the module."""

    name = "documents"
    about = "tables and charts in documents: the file, the evidence page, the answer"
    kinds = {"file": str, "question": str, "pages": list}
    metrics = (
        Metric("file_r1"), Metric("page_recall3"), Metric("relaxed"), Metric("anls"),
        Metric("page_cited"),
    )  # fmt: skip

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        lost = {"file_r1": Score(0.0), "page_recall3": Score(0.0)}
        unsaid = {"relaxed": Score(0.0), "anls": Score(0.0), "page_cited": Score(0.0)}
        return [
            Part("pages", lambda: self._pages(case, dataset, context), lost),
            Part("answer", lambda: self._answer(case, dataset, context), unsaid),
        ]

    def _pages(self, case: Case, dataset: Dataset, context: Context) -> Scored:
        self._shelf.id(case.data["file"])
        question = case.data["question"]
        passages = context.search(dataset, Query(self._shelf.library, question, k=_PASSAGES))
        first = passages[0].asset if passages else "nothing"
        pages = [(p.asset, p.locator.page) for p in passages if isinstance(p.locator, PageLocator)]
        ranked = list(dict.fromkeys(pages))[:_DEPTH]
        wanted = [(case.data["file"], page) for page in pages_of(case.data["pages"])]
        scores = {
            "file_r1": Score(float(first == case.data["file"]), f"first is {first}"),
            "page_recall3": Score(recall_at(ranked, wanted, _DEPTH), f"pages {ranked}"),
        }
        return Scored(scores, {"question": question, "expected": wanted, "got": ranked})

    def _answer(self, case: Case, dataset: Dataset, context: Context) -> Scored:
        self._shelf.id(case.data["file"])
        question, golds = case.data["question"], answers_of(case)
        reply = context.ask(dataset, question, self._shelf.library)
        text = plain(reply.text)
        near = not reply.abstained and any(close_number(text, gold) for gold in golds)
        cited = any(
            c.asset == case.data["file"]
            and isinstance(c.locator, PageLocator)
            and c.locator.page in pages_of(case.data["pages"])
            for c in reply.citations
        )
        scores = {
            "relaxed": Score(float(near or named_right(reply, golds)), told(reply)),
            "anls": Score(0.0 if reply.abstained else anls(text, golds), told(reply)),
            "page_cited": Score(float(cited), f"cited {len(reply.citations)} places"),
        }
        return Scored(scores, {"question": question, "expected": golds, "got": reply.text})


SUITE = Documents()
