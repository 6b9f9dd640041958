"""Lists in texts, told whole: a question that asks for several things gets all items of the list.

A reader copies one stretch, so of a packing list it would give one thing. Where that stretch
stands in an item of a list, or nothing was copied and the line over a list speaks of what is asked
for, the answer is the list. Things put side by side in a sentence are told together as well, and
of what is to be done the whole sentence. Exact, by rule; knows no model and no search.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.bullets import Listing, lists_of
from assistant.citations import cite, content_words, split_sentences
from assistant.drafts import Draft
from assistant.i18n import text
from assistant.library import NOT_IN_LIBRARY
from assistant.phrases import PLEASE, any_of
from assistant.reader import Reading
from assistant.session import Session
from retrieval.values import Passage

_PLURAL = (
    r"(?!was\b|does\b|has\b|his\b|its\b|this\b|always\b|perhaps\b|news\b)"
    r"(?:\w{2,}[^\Wsui]s|people|criteria|things)"
)
_OF = r"(?:the|my|our|their|his|her|its)"
SEVERAL = any_of(
    rf"{PLEASE}(?:list|name|enumerate|itemi[sz]e)\b|\b(?:list|name) (?:all|every|each|the)\b",
    rf"\b(?:what|which)(?: (?!is\b|was\b)\w+){{0,2}} {_PLURAL}\b",
    rf"\bwhat (?:are|were) (?:all )?{_OF}(?: [\w'-]+){{0,3}}? {_PLURAL}\b",
    r"\bwhat (?:all|else)\b|\bwhat\b.{0,40}\b(?:have to|need(?:s|ed)? (?:to|doing)|must|should)\b",
    r"\bwhat (?:do|does|will|did) (?:i|we|you|one|they|he|she|it|the \w+) (?:need|bring|pack|take"
    r"|include|cover|require|contain)\b"
    r"|\bwhat (?:is|was)\b.{0,30}\b(?:needed|required|included|covered|missing|to be done)\b",
    r"\bwhat (?:was|were|is|has been|have been|did (?:we|they|you))\b.{0,20}\b(?:decided?|agreed?"
    r"|discuss(?:ed)?|resolved?|approved?|planned?|proposed?|left open)\b",
    r"\bhow (?:do|can|should|must|to|does) (?:(?:i|we|you|one) )?(?:make|prepare|cook|bake|install"
    r"|set up|assemble|apply|reset|clean|use|change|replace|renew|register|cancel)\b",
    r"\b(?:method|procedure|instructions?|agenda|check-?list|shopping list|to-?do list|menu"
    r"|itinerary|recipe)\b",
    r"\b(?:what|which) (?:two|three|four|five|six)\b",
    "哪(?:两|三|四|五|几)|哪些|列出|列举|罗列|分别(?:是|有|为)|有什么(?!时候)"
    "|(?:需要|要|应该?|得|须)[^，。？]{0,6}(?:什么|啥)(?!时候|地方|颜色)"
    "|(?:决定|讨论|通过|商定|达成)了?(?:什么|啥)|步骤|怎么(?:做|办|安装|申请|用|煮|烤)|如何(?:做|办理|安装|申请|使用|制作)",
)
"""Asks for several things, or for the steps of something."""
STEPS = any_of(
    r"^\W*how (?:do|can|should|must|would) (?:i|we|you|one)\b|^\W*how to\b",
    r"\bwhat (?:do|should|must|can|shall) (?:i|we|you|one) do\b(?! (?:for|on|in|at)\b)",
    "怎么(?:办|做|处理|解决|重置|设置|使用|打开|关闭|清洗|安装)|如何(?:处理|解决|重置|设置|使用|清洗|安装)",
)
"""Asks what is to be done, so that a few words of it are no answer."""
COUNTED = re.compile(
    r"\bhow many (?:[\w'-]+ ){0,2}?(?P<en>[\w'-]{3,})(?= (?:are|were|was|is|do|does|did|have|has"
    r"|must|should|can|need|in|on)\b|\W*$)"
    r"|(?:多少|几)[个项条种件份样点]?(?P<zh>[\u3400-\u9fff]{2,4}?)(?=[？?]?$|需要|要|应|被|是|有|在|吗|呢)",
    re.IGNORECASE,
)
"""Asks how many things there are; the groups hold the things."""
_BESIDE = re.compile(
    r"\s*(?:,\s*(?:(?:and|or|as well as)\s)?|;\s|、|\b(?:and|or|as well as)\s|以及|和|及|与|或)\s*"
)
_THING = re.compile(
    r"(?:(?!(?:and|or)\b)[^\s,;.:!?()，。；：！？、（）]+[ \t]?){1,6}(?:\([^()]*\)|（[^（）]*）)?"
)
_JOINING = re.compile(r"\b(?:and|or|as well as)\b|和|以及|、|及|与")
_SPOKEN_OF, _COUNTED_OF = 0.5, 0.3
"""Shares of the question's words that the line over a list must have: when nothing was copied, and
when it has the things that are to be counted."""
_SHOWN = 20
_AROUND = 8
"""Passages before and after one that are looked through for the rest of its list."""


def asks_several(question: str) -> bool:
    """Whether a question asks for several things, so that one item of a list is no answer."""
    return bool(SEVERAL.search(question))


def beside(question: str, reading: Reading) -> str:
    """Return the things that a reading stands beside in its line, if several are asked for.

    ``Languages: Polish, English`` is told whole when languages are asked for; after a reading, what
    goes on with a comma or "and" is told with it.
    """
    line, at = reading.line, reading.line.find(reading.text)
    if at < 0:
        return reading.text
    label, colon, rest = (part.strip() for part in re.split(r"([:：])", line + ":", maxsplit=1))
    labelled = set(content_words(label)) & set(content_words(question))
    if colon and labelled and reading.text in rest and _BESIDE.search(rest):
        return rest.removesuffix(":").rstrip(" .。;；")
    end = at + len(reading.text)
    last, joints = end, list[str]()
    while (joint := _BESIDE.match(line, last)) and (thing := _THING.match(line, joint.end())):
        joints.append(joint.group().strip())
        last = thing.start() + len(thing.group().rstrip())
    if not joints or re.match(r"\s*\w", line[last:]) or not _JOINING.search(" ".join(joints)):
        return reading.text  # the sentence goes on, or nothing says that these are all
    alike = reading.text[0].isupper() == line[end:last].removeprefix(f" {joints[0]} ")[:1].isupper()
    return reading.text if len(joints) == 1 and not alike else line[at:last]


def whole_sentence(session: Session, reading: Reading) -> str:
    """Return the sentence of its passage that a reading stands in."""
    sentences = split_sentences(session.screened(reading.passage))
    found = (s for s in sentences if reading.text in s and (s in reading.line or reading.line in s))
    return next(found, reading.text)


def counted_list(
    session: Session, question: str, reading: Reading | None, passages: Sequence[Passage]
) -> Draft | None:
    """Return how many items the list of the things asked for has; None when there is none.

    Not when the words that were copied stand in a line that speaks of these things itself.
    """
    asked = COUNTED.search(question)
    things = set(content_words(asked["en"] or asked["zh"])) if asked else set()
    if not things or (reading and things <= set(content_words(reading.line))):
        return None
    for passage in passages[:3]:
        for found in lists_of(_around(session, passage)):
            over = set(content_words(found.lead))
            if things <= over and _lead_share(question, found) >= _COUNTED_OF:
                told = _told(session, found)
                if told is not None:
                    return Draft(f"{len(found.items)} [1]", citations=told.citations[:1])
    return None


def asks_steps(question: str) -> bool:
    """Whether a question asks what is to be done, so that a few words are no answer."""
    return bool(STEPS.search(question))


def whole_list(
    session: Session, question: str, reading: Reading | None, passages: Sequence[Passage]
) -> Draft | None:
    """Return all of the list that is asked for by the line over it, or that a reading stands in.

    Args:
        reading: what was copied from one of the passages; None when nothing was.
        passages: those that were found, the best first.
    """
    held = [(found, around[0]) for p in passages[:3] if (around := _around(session, p))
            for found in lists_of(around)]  # fmt: skip
    worth = [(_is_under(question, found, begins), found) for found, begins in held]
    if reading and not set(content_words(reading.text)) <= set(content_words(question)):
        own = lists_of(_around(session, reading.passage))
        line = reading.line.strip()
        standing = [f for f in own if any(line in item.lines for item in f.items)]
        fitting = [f for share, f in worth if share == 1] + standing
    else:
        fitting = [f for share, f in worth if share >= _SPOKEN_OF]
    return next((told for found in fitting if (told := _told(session, found))), None)


def _around(session: Session, passage: Passage) -> list[Passage]:
    """Return a passage with those before and after it in its file, into which a list may go on."""
    if passage.asset_id == NOT_IN_LIBRARY:
        return [passage]
    whole = session.request.library.passages(passage.asset_id)
    at = next((n for n, p in enumerate(whole) if p.chunk_id == passage.chunk_id), None)
    return [passage] if at is None else whole[max(0, at - _AROUND) : at + _AROUND + 1]


def _lead_share(question: str, found: Listing) -> float:
    """Return how much the line over a list, with its passage's heading, speaks of what is asked.

    It is the share of the question's words there; 1 when the question has all words of the line.
    """
    asked = set(content_words(question)) - set(content_words(_ASKING))
    over = set(content_words(found.lead))
    if over and over <= asked:
        return 1.0
    told = over | set(content_words(found.items[0].passage.heading))
    return len(asked & told) / len(asked) if asked else 0.0


_ASKING = "list name enumerate all every what which"


def _is_under(question: str, found: Listing, begins: Passage) -> float:
    """Return how much the line over a list speaks of what is asked for, by that or a kindred word
    ("decided" under "Decisions"), when the file's name and first lines tell the rest."""
    known = set(content_words(f"{found.lead} {found.items[0].passage.heading}"))
    title = set(content_words(f"{begins.asset} {begins.text[:200]}"))
    asked = set(content_words(question)) - set(content_words(_ASKING))
    named = {word for word in asked - title if any(_kindred(word, other) for other in known)}
    share = len(named | (asked & title)) / len(asked) if named else 0.0
    return max(share, _lead_share(question, found))


def _kindred(one: str, other: str) -> bool:
    """Whether two words begin alike: four letters and two thirds of the shorter one."""
    least = max(4, -(-2 * min(len(one), len(other)) // 3))
    return one == other or one[:least] == other[:least]


def _told(session: Session, found: Listing) -> Draft | None:
    """Return a list as an answer, each line cited where it stands; None when nothing is left.

    Items that give orders to the assistant are left out.
    """
    shown = {id(item.passage): session.screened(item.passage) for item in found.items}
    items = [i for i in found.items if all(line in shown[id(i.passage)] for line in i.lines)]
    if not items:
        return None
    numbers: dict[int, int] = {}
    lines: list[str] = []
    told: dict[int, tuple[Passage, list[str]]] = {}
    for item in items[:_SHOWN]:
        number = numbers.setdefault(id(item.passage), len(numbers) + 1)
        told.setdefault(number, (item.passage, []))[1].extend(item.lines)
        lines.append(f"{item.number}. " if item.number else "- ")
        lines[-1] += f"{item.words} [{number}]"
    if len(items) > _SHOWN:
        lines.append(text("say_more", session.language, count=len(items) - _SHOWN))
    citations = tuple(
        cite(number, passage, "\n".join(words), session.words(passage))
        for number, (passage, words) in told.items()
    )
    return Draft("\n".join(lines), citations=citations)
