"""What a question names or speaks of: files, labels, fields, pages, its language. By rule.

Every function looks at the words alone. Patterns are in ``phrases``; what follows from them for a
plan is in ``planner``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from assistant import phrases, work_phrases
from assistant.citations import content_words
from assistant.i18n import Language
from assistant.phrases import Field
from retrieval.values import Modality


def language_of(text: str, default: Language = "en") -> Language:
    """Return the language a text is written in: Chinese when a fair share of it is.

    Names of files are in no language, unless there is nothing else.
    """
    bare = phrases.NAME.sub(" ", text)
    said = bare if re.search(r"[A-Za-z\u3400-\u9fff]", bare) else text
    chinese = len(re.findall(r"[\u3400-\u9fff]", said))
    latin = len(re.findall(r"[A-Za-z]+", said))
    if not chinese and not latin:
        return default
    return "zh" if chinese >= max(2, latin) or (chinese and not latin) else "en"


def names_in(text: str, find: Callable[[str], Iterable[str]]) -> tuple[str, ...]:
    """Return the names of known files that stand in a text, whatever signs they are made of.

    Args:
        find: returns the names of the files that have a piece of text in their name.
    """
    found = []
    for ending in phrases.ENDING.finditer(text):
        head = text[: ending.end()].casefold()
        there = find(text[max(0, ending.start() - 1) : ending.end()])
        fits = [name for name in there if head.endswith(name.casefold())]
        if fits:
            longest = max(fits, key=len)
            found.append(text[ending.end() - len(longest) : ending.end()])
    return tuple(dict.fromkeys(found))


def names_marked(text: str, known: Sequence[str] = ()) -> str:
    """Return a text with quotes around the names of files that would not be known without.

    Those are names with blanks or Chinese signs: the ``known`` ones, then whatever runs up to an
    ending, without the words before it.
    """
    marked = text
    for name in sorted(known, key=len, reverse=True):
        if not phrases.NAME.fullmatch(name):
            bare = rf"(?<![{_OPEN}\"/]){re.escape(name)}(?![{_SHUT}\"])"
            marked = re.sub(bare, lambda found: f"“{found.group()}”", marked)

    parts, done = [], 0
    for ending in phrases.ENDING.finditer(marked):
        run = phrases.NAME_RUN.search(marked, max(done, ending.start() - _LONGEST), ending.start())
        if run is None or not re.search(r"[\u3400-\u9fff]", run.group()):
            continue
        inside = marked[: run.start()]
        if inside.count('"') % 2 or max(map(inside.rfind, _OPEN)) > max(map(inside.rfind, _SHUT)):
            continue  # quoted already
        stem = phrases.BEFORE_NAME.sub("", run.group()) or run.group()
        parts += [marked[done : run.end() - len(stem)], f"“{stem}{ending.group()}”"]
        done = ending.end()
    return "".join([*parts, marked[done:]])


_LONGEST = 100
"""Characters of a name that is told by its ending alone."""
_OPEN, _SHUT = "“《「", "”》」"


def file_names(text: str) -> tuple[str, ...]:
    """Return the file names a question mentions, in order."""
    found = [m.group(1) for m in phrases.NAME_QUOTED.finditer(text)]
    found += [
        m.group() for m in phrases.NAME.finditer(text) if not any(m.group() in f for f in found)
    ]
    return tuple(dict.fromkeys(found))


def label_of(text: str) -> str:
    """Return the first quoted words that are no file name: the label of a form field."""
    for found in phrases.QUOTED.finditer(text):
        words = next(g for g in found.groups() if g is not None)
        if not phrases.ENDING.search(words.strip()[-6:]):
            return words.strip()
    return ""


def subject_of(text: str) -> str:
    """Return the text that a request brings along: after a colon, or in quotes."""
    if said := work_phrases.SAY.match(text):
        return said["text"].strip('"“” ')
    if (found := phrases.SUBJECT.match(text)) and not file_names(found["text"]):
        return found["text"].strip().strip('"“”「」')
    return label_of(text)


def field_of(text: str) -> Field | None:
    """Return the kind of field a question asks for: the one it names first."""
    bare = phrases.NAME.sub(" ", text)
    hits = [(m.start(), name) for name, rule in phrases.FIELDS if (m := rule.search(bare))]
    return min(hits)[1] if hits else None


def page_of(text: str) -> tuple[int | None, bool]:
    """Return the page a question names, and whether it is counted ("the second page")."""
    found = phrases.PAGE.search(text)
    if found is None:
        return None, False
    said = next(group for group in found.groups() if group)
    counted = not said.isdecimal()
    return _ORDINALS[said.casefold()] if counted else int(said), counted


_ORDINALS = {
    word: number
    for words in (("first", "second", "third", "fourth", "fifth"), "一二三四五")
    for number, word in enumerate(words, 1)
}


def modality_of(text: str) -> Modality | None:
    """Return the kind of file a question speaks of, when only one kind fits."""
    found = [kind for kind, rule in phrases.MODALITIES if rule.search(text)]
    return found[0] if len(found) == 1 else None


def is_follow_up(text: str) -> bool:
    """Whether a question leans on the turn before it."""
    words = re.findall(r"[\u3400-\u9fff]|\w+", text)
    short = len(words) <= (6 if language_of(text) == "zh" else 3)
    return short or bool(phrases.FOLLOW.search(_within(text)))


def _within(text: str) -> str:
    """Return a question without a pronoun that stands for a thing it has named itself.

    "How long must a new drum rest before it is played?" leans on nothing, "What does it cost if I
    return it?" does: the thing is named before, in another clause, and there is enough to look for.
    """
    found = phrases.NAMED_WITHIN.search(text) if len(text) <= _SENTENCE else None
    if found is None or len(set(content_words(text))) < _ENOUGH:
        return text
    many = found["pronoun"].lower().startswith("the")
    plural = any(noun.lower().endswith("s") for noun in re.findall(r"[A-Za-z]+", found["thing"]))
    return text[: found.start("pronoun")] + text[found.end() :] if plural or not many else text


_ENOUGH = 4
"""Content words that are enough to look for."""
_SENTENCE = 300
"""Characters of the longest question that is taken apart; a pasted text would take seconds."""


def refers_to_picture(text: str) -> bool:
    """Whether a question speaks of a picture that is before the speaker."""
    return bool(phrases.PICTURE.search(text))


def kind_of(name: str) -> str:
    """Return ``image``, ``audio`` or ``text`` for a file's name."""
    end = name.rsplit(".", 1)[-1].casefold()
    if end in ("jpg", "jpeg", "png", "webp", "gif", "tif", "tiff", "bmp", "heic"):
        return "image"
    return "audio" if end in ("wav", "mp3", "m4a", "flac", "ogg", "webm") else "text"


def is_picture(name: str) -> bool:
    """Whether a file's name is that of a picture."""
    return kind_of(name) == "image"
