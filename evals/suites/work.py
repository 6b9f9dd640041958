"""Work that is no question on a file: albums and conversations summed up, files compared, links
between names, free chat.

One row is one request, perhaps with the turns before it. Judges are rules: what must be told, what
must not, which file each line cites.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.i18n import Language
from assistant.i18n import text as locale_text
from evals.answers import letters, numbers, plain
from evals.context import Ask, Context, Reply
from evals.suites.library import LibrarySuite, told
from evals.values import Case, Dataset, Metric, Part, Score, Scored

TASKS = ("album", "talk", "compare", "links", "chat")
_CHINESE = re.compile("[\u3400-\u9fff]")
_NAME = re.compile(r"(?<![.!?:\n] )(?<!^)\b[A-Z][a-z]+\b")
_MARK = re.compile(r"\[(\d+)\]")
_SAME = re.compile(r"\b(?:both|same|alike|identical|in common)\b|相同|一样|都|共同", re.IGNORECASE)


class Work(LibrarySuite):
    """See the module."""

    name = "work"
    about = "albums and talks summed up, files compared, links between names, free chat"
    kinds = {"task": str, "question": str}
    metrics = (
        Metric("album_facts"), Metric("album_files", combine="f1"), Metric("album_lines"),
        Metric("talk_facts"), Metric("talk_invented", lower_is_better=True),
        Metric("compare_facts", combine="f1"), Metric("compare_cited"),
        Metric("links_f1", combine="f1"),
        Metric("chat_right"), Metric("chat_apart"), Metric("language"),
    )  # fmt: skip

    def groups(self, case: Case) -> dict[str, str]:
        return {"task": case.data["task"], "language": case.data.get("language", "en")}

    def prepare(self, dataset: Dataset, cases: Sequence[Case], context: Context) -> None:
        super().prepare(dataset, cases, context)
        for case in cases:
            if case.data["task"] == "album" and case.data.get("files"):
                ids = [self._shelf.id(name) for name in case.data["files"]]
                context.tag(dataset, ids, case.data["album"], self._shelf.library)

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        row = case.data

        def work() -> Scored:
            asked = Ask(
                row["question"],
                self._shelf.library,
                turns=tuple(row.get("turns") or ()),
                use_library=row["task"] not in ("chat", "links"),
            )
            replies = context.converse(dataset, asked)
            expected = [row.get(k) for k in ("facts", "files", "differ", "same") if row.get(k)]
            shown = {
                "question": " / ".join([*asked.turns, asked.question]),
                "expected": expected or "that there is nothing",
                "got": replies[-1].text,
            }
            return Scored(judge(row, replies), shown)

        return [Part(row["task"], work, judge(row, [Reply("", False, ())]))]


def judge(row: Mapping[str, Any], replies: Sequence[Reply]) -> dict[str, Score]:
    """Score the last reply by the rule of its task; ``replies`` are of all turns.

    A row without facts, files or differences is one that must be told to be about nothing.
    """
    rules = {"album": _album, "talk": _talk, "compare": _compare, "links": _links, "chat": _chat}
    scores = rules[row["task"]](row, replies)
    said = re.sub(r"[\w-]+\.\w{3,4}\b", "", plain(replies[-1].text))
    chinese = bool(_CHINESE.search(said))
    if row["task"] not in ("compare", "links"):  # these copy files, which have their own language
        right = bool(said) and chinese == (row.get("language") == "zh")
        scores["language"] = Score(float(right), told(replies[-1]))
    return scores


def _share(facts: Sequence[str], text: str) -> float:
    """Return the share of facts that are told; ``a|b``: either will do."""
    there = letters(text)
    named = [any(letters(way) in there for way in fact.split("|")) for fact in facts]
    return sum(named) / len(named)


def _lines(reply: Reply) -> list[tuple[str, set[str]]]:
    """Return (line, the files it cites) of a reply."""
    by_number = {c.number: c.asset for c in reply.citations}
    lines = [line for line in reply.text.splitlines() if line.strip()]
    return [
        (line, {by_number[int(n)] for n in _MARK.findall(line) if int(n) in by_number})
        for line in lines
    ]


def _album(row: Mapping[str, Any], replies: Sequence[Reply]) -> dict[str, Score]:
    reply, files = replies[-1], set(row.get("files") or ())
    said = told(reply)
    if not files:
        return {"album_facts": Score(float(reply.abstained and not reply.citations), said)}
    cited = {c.asset for c in reply.citations}
    good = float(len(cited & files))
    own = [(line, of) for line, of in _lines(reply) if of]
    right = sum(any(name in line for name in of) and len(of) == 1 for line, of in own)
    return {
        "album_facts": Score(_share(row["facts"], reply.text), said),
        "album_files": Score(0.0, said, parts=(good, len(cited) - good, len(files) - good)),
        "album_lines": Score(right / len(own) if own else 0.0, said),
    }


def _talk(row: Mapping[str, Any], replies: Sequence[Reply]) -> dict[str, Score]:
    reply = replies[-1]
    said = told(reply)
    if not row.get("facts"):
        return {"talk_facts": Score(float(reply.abstained), said)}
    before = "\n".join([*row["turns"], row["question"], *(r.text for r in replies[:-1])])
    text = plain(reply.text)
    extra = set(numbers(text)) - set(numbers(before))
    strange = {n for n in _NAME.findall(text) if n.casefold() not in before.casefold()}
    invented = bool(extra or strange or not text)
    return {
        "talk_facts": Score(_share(row["facts"], text), said),
        "talk_invented": Score(
            float(invented), f"{said}; nobody said {sorted(map(str, extra | strange))}"
        ),
    }


def _compare(row: Mapping[str, Any], replies: Sequence[Reply]) -> dict[str, Score]:
    """Differences must be told of the right file; what is the same, not as a difference."""
    reply = replies[-1]
    said, lines = told(reply), [] if reply.abstained else _lines(reply)
    differ: Mapping[str, Sequence[str]] = row.get("differ") or {}
    if not differ:  # nothing differs, or a file is missing: the row says how that is told
        good = _share(row["facts"], reply.text) if row.get("facts") else float(reply.abstained)
        return {"compare_facts": Score(0.0, said, parts=(good, 0.0, 1.0 - good))}
    right = cited = missed = 0
    for name, facts in differ.items():
        for fact in facts:  # a file's own name tells nothing of what is in it
            of = [f for line, f in lines if name in f and _share([fact], line.replace(name, ""))]
            right, missed = right + bool(of), missed + (not of)
            cited += any(f == {name} for f in of)
    wrong = sum(
        any(_share([fact], line) and not _SAME.search(line) for line, _ in lines)
        for fact in row.get("same") or ()
    )
    return {
        "compare_facts": Score(0.0, said, parts=(float(right), float(wrong), float(missed))),
        "compare_cited": Score(cited / (right + missed), said),
    }


def _links(row: Mapping[str, Any], replies: Sequence[Reply]) -> dict[str, Score]:
    """A link is right when one line holds both names and the words between them."""
    lines = [plain(line) for line, _ in _lines(replies[-1])]
    wanted = [[letters(part) for part in link] for link in row["facts"]]
    right = [link for link in wanted if any(all(p in letters(ln) for p in link) for ln in lines)]
    names = {letters(name) for link in row["facts"] for name in (link[0], link[-1])}
    claims = [ln for ln in lines if sum(n in letters(ln) for n in names) == 2]
    extra = [ln for ln in claims if not any(all(p in letters(ln) for p in w) for w in wanted)]
    parts = (float(len(right)), float(len(extra)), float(len(wanted) - len(right)))
    return {"links_f1": Score(0.0, told(replies[-1]), parts=parts)}


def _chat(row: Mapping[str, Any], replies: Sequence[Reply]) -> dict[str, Score]:
    """Apart: no file is cited, and what is told as a fact is said to be no file's."""
    reply = replies[-1]
    language: Language = "zh" if row.get("language") == "zh" else "en"
    said = told(reply)
    label = locale_text("say_general", language).strip()
    if row.get("refuse"):
        return {"chat_apart": Score(float(reply.abstained and not reply.citations), said)}
    apart = not reply.citations and not reply.abstained and label in reply.text
    right = _share(row["facts"], reply.text.replace(label, ""))
    return {"chat_right": Score(right, said), "chat_apart": Score(float(apart), said)}


SUITE = Work()
