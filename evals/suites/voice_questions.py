"""A spoken question to a cited answer: the whole chain, beside the same question typed."""

from __future__ import annotations

from evals.context import Context, Reply
from evals.suites.library import LibrarySuite, answers_of, named_right, told
from evals.suites.speech import heard_score
from evals.values import Case, Dataset, Metric, Part, Score, Scored


class VoiceQuestions(LibrarySuite):
    """See the module."""

    name = "voice_questions"
    about = "spoken questions to cited answers, and the same questions typed"
    roles = ("library", "chat", "speech")
    kinds = {"audio": str, "question": str, "file": str}
    query_keys = ("audio",)
    metrics = (
        Metric("correct_spoken"), Metric("correct_typed"), Metric("cited_spoken"),
        Metric("cited_typed"), Metric("wer", lower_is_better=True),
    )  # fmt: skip

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        words = heard_score(case.data["question"], "").weight

        def typed() -> Scored:
            reply = context.ask(dataset, case.data["question"], self._shelf.library)
            return self._judged("typed", case, reply, {})

        def spoken() -> Scored:
            path = self.query_file(case, "audio", dataset, context)
            reply = context.ask(dataset, "", self._shelf.library, audio=path)
            wer = {"wer": heard_score(case.data["question"], reply.heard)}
            return self._judged("spoken", case, reply, wer)

        lost = {"correct": Score(0.0), "cited": Score(0.0)}
        return [
            Part("typed", typed, {f"{k}_typed": v for k, v in lost.items()}),
            Part(
                "spoken",
                spoken,
                {**{f"{k}_spoken": v for k, v in lost.items()}, "wer": Score(1.0, weight=words)},
            ),
        ]

    @staticmethod
    def _judged(way: str, case: Case, reply: Reply, more: dict[str, Score]) -> Scored:
        cited = any(c.asset == case.data["file"] for c in reply.citations)
        scores = {f"cited_{way}": Score(float(cited), told(reply)), **more}
        if answers := answers_of(case):
            scores[f"correct_{way}"] = Score(float(named_right(reply, answers)), told(reply))
        shown = {
            "question": case.data["question"], "heard": reply.heard,
            "expected": answers or case.data["file"], "got": reply.text,
        }  # fmt: skip
        return Scored(scores, shown)


SUITE = VoiceQuestions()
