"""Charts whose values are printed nowhere: what is read off them, and answers from it.

``relaxed`` is the relaxed accuracy of ChartQA (Masry et al., 2022): a number within 5 %, a name
as it stands.
"""

from __future__ import annotations

from evals.answers import numbers, plain
from evals.context import Context, Reply
from evals.suites.library import LibrarySuite, says, told
from evals.values import Case, Dataset, Metric, Part, Score, Scored
from retrieval.charts.values import Chart, from_lines
from retrieval.values import Word

_NEAR = 0.05
_NUMBERS = 3
"""Numbers that an answer has at most: its value, and the label beside it."""


class Charts(LibrarySuite):
    """See the module."""

    name = "charts"
    about = "values read off charts that print none, answers from them, and non-charts left alone"
    kinds = {"file": str, "kind": str}
    metrics = (
        Metric("relaxed"), Metric("read"), Metric("value_error", lower_is_better=True),
        Metric("false_readings", lower_is_better=True),
    )  # fmt: skip

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        if not case.data.get("values"):
            lost = {"false_readings": Score(1.0)}
            return [Part("none", lambda: self._none(case, dataset, context), lost)]
        parts = [Part("values", lambda: self._values(case, dataset, context), {"read": Score(0.0)})]
        for number, (question, answer) in enumerate(case.data.get("questions") or ()):
            parts.append(self._answer(number, question, str(answer), case, dataset, context))
        return parts

    def _charts(self, case: Case, dataset: Dataset, context: Context) -> list[Chart]:
        """Return the charts that stand in what was read of a file."""
        lines = context.system(dataset).read(self._shelf.id(case.data["file"])).split("\n")
        starts = [n for n, line in enumerate(lines) if line.startswith("Chart (")]
        ends = [*starts[1:], len(lines)][: len(starts)]
        found = (
            from_lines([Word(line) for line in lines[first:last]])
            for first, last in zip(starts, ends, strict=True)
        )
        return [chart for chart in found if chart is not None]

    def _values(self, case: Case, dataset: Dataset, context: Context) -> Scored:
        charts = self._charts(case, dataset, context)
        got = {(v.x, v.series): v.value for chart in charts for v in chart.values}
        gold = {(x, series): float(value) for x, series, value in case.data["values"]}
        off = {key: abs(got[key] - value) / abs(value) for key, value in gold.items() if key in got}
        right = sum(error <= _NEAR for error in off.values())
        said = f"{right} of {len(gold)} values within {_NEAR:.0%}"
        scores = {"read": Score(right / len(gold), said)}
        if off:
            scores["value_error"] = Score(sum(off.values()) / len(off), f"{len(off)} values read")
        shown = {"photo": case.data["file"], "expected": len(gold), "got": said}
        return Scored(scores, shown)

    def _none(self, case: Case, dataset: Dataset, context: Context) -> Scored:
        charts = self._charts(case, dataset, context)
        said = f"{sum(len(chart.values) for chart in charts)} values"
        shown = {"photo": case.data["file"], "expected": "no chart", "got": said}
        return Scored({"false_readings": Score(float(bool(charts)), said)}, shown)

    def _answer(
        self, number: int, question: str, gold: str, case: Case, dataset: Dataset, context: Context
    ) -> Part:
        def work() -> Scored:
            self._shelf.id(case.data["file"])
            reply = context.ask(dataset, question, self._shelf.library)
            shown = {"question": question, "expected": gold, "got": plain(reply.text)}
            return Scored({"relaxed": Score(float(relaxed(reply, gold)), told(reply))}, shown)

        return Part(f"answer-{number}", work, {"relaxed": Score(0.0)})


def relaxed(reply: Reply, gold: str) -> bool:
    """Tell whether a reply names the answer, or gives few numbers of which one is within 5 %."""
    if reply.abstained:
        return False
    written, wanted = plain(reply.text), numbers(gold)
    if len(wanted) != 1 or gold.isdecimal() and len(gold) == 4:  # a name, or a year
        return says(written, [gold])
    found = numbers(written)
    near = any(abs(n - wanted[0]) <= _NEAR * abs(wanted[0]) for n in found)
    return near and len(found) <= _NUMBERS


SUITE = Charts()
