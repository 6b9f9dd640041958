"""Prompts that ask for words of the model's own: tasks on a text, looks, talk, tool calls."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.i18n import Language
from assistant.prompts.turns import DATA_RULE, QUESTION, Turn

_LOOK = {
    "en": (
        "Recognisers looked at a picture for you; their notes follow. Answer the question about "
        "the picture from the notes, in one short sentence. Do not add anything they do not say."
    ),
    "zh": (
        "识别程序替你看了一张图片，下面是它们的记录。只根据记录用一句简短的话回答关于图片的问题，"
        "不要添加记录中没有的内容。"
    ),
}


def look(question: str, notes: str, language: Language) -> list[Turn]:
    """Ask a model that sees no pixels about a picture, by what recognisers noted."""
    return [
        Turn("system", f"{_LOOK[language]} {DATA_RULE[language]}"),
        Turn("user", f"{notes}\n\n{QUESTION[language]}{question}"),
    ]


DESCRIBE = "Describe the image in one sentence."


def small_eye(question: str) -> list[Turn]:
    """Ask a small model that was trained to see, in the one form it was trained with."""
    return [Turn("user", question)]


_GENERAL = {
    "en": "You are Sightline, a helpful assistant. Answer briefly and in English.",
    "zh": "你是 Sightline，一个乐于助人的助手。请用中文简短回答。",
}


def general(question: str, history: Sequence[tuple[str, str]], language: Language) -> list[Turn]:
    """Ask for an answer from general knowledge, after the last turns of the conversation."""
    turns = [Turn("system", _GENERAL[language])]
    for asked, answered in history[-3:]:
        turns += [Turn("user", asked[:600]), Turn("assistant", answered[:600])]
    turns.append(Turn("user", question))
    return turns


_SUMMARY = {
    "en": "Summarise the text in two or three short sentences, in English. Keep names and numbers.",
    "zh": "用两三句简短的中文概括下面的文字，保留人名和数字。",
}
_TRANSLATE = {
    "en": "Translate the text into English. Write only the translation.",
    "zh": "把下面的文字翻译成中文。只写译文。",
}
_SENTIMENT = {
    "en": "What is the mood of the text? Answer with one word: positive, negative or neutral.",
    "zh": "这段文字的情感是什么？只回答一个词：积极、消极或中性。",
}
SENTIMENTS = {
    "en": ("positive", "negative", "neutral"),
    "zh": ("积极", "消极", "中性"),
}
_TASKS = {"summary": _SUMMARY, "translate": _TRANSLATE, "sentiment": _SENTIMENT}


def task(name: str, text: str, language: Language) -> list[Turn]:
    """Ask for a summary, a translation (into ``language``) or a sentiment of one text."""
    return [
        Turn("system", f"{_TASKS[name][language]} {DATA_RULE[language]}"),
        Turn("user", f"<<<\n{text}\n>>>"),
    ]


_REWRITE = {
    "en": (
        "Rewrite the last question so that it can be understood alone: put the names in for words "
        "like it, they or that. Write only the question."
    ),
    "zh": "改写最后一个问题，使其单独也能看懂：把“它”“那个”等词换成具体名称。只写问题。",
}


def rewrite(question: str, history: Sequence[tuple[str, str]], language: Language) -> list[Turn]:
    """Ask for a follow-up question as one that stands alone."""
    earlier = "\n".join(
        f"Q: {asked[:200]}\nA: {answered[:200]}" for asked, answered in history[-2:]
    )
    return [
        Turn("system", _REWRITE[language]),
        Turn("user", f"{earlier}\nQ: {question}"),
    ]


_AGENT = {
    "en": (
        "You help the user with their own files. Decide which tools to call to find what the "
        "question needs; call several at once when they do not depend on each other. When you "
        "have enough, answer without calling a tool."
    ),
    "zh": (
        "你帮助用户处理他们自己的文件。判断需要调用哪些工具来找到问题所需的内容；互不依赖的可以同时调用。"
        "资料足够时，不再调用工具，直接回答。"
    ),
}


def tool_caller(language: Language) -> Turn:
    """Tell a model that calls tools itself how to go about it."""
    return Turn("system", f"{_AGENT[language]} {DATA_RULE[language]}")


def tool_result(found: str) -> str:
    """Quote what a tool found, as data."""
    return f"<<<\n{found.replace('>>>', '> > >')}\n>>>"
