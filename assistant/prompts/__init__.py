"""Every word that a language model is told, in English and Chinese, with a version.

The reader's prompt begins with fixed text (rules, worked examples), so that an engine that keeps
its prefix reads it once; the evidence follows and the question comes last, nearest to the answer.
Words that the *user* is told are interface texts in ``locale/``.
"""

from assistant.prompts.names import KINDS, kind_of_name, names
from assistant.prompts.querying import query
from assistant.prompts.reading import NOT_FOUND, YES_NO, compose, drafter, reader, span, yes_no
from assistant.prompts.turns import VERSION, Turn
from assistant.prompts.writing import (
    DESCRIBE,
    SENTIMENTS,
    general,
    look,
    rewrite,
    small_eye,
    task,
    tool_caller,
    tool_result,
)

__all__ = [
    "DESCRIBE", "KINDS", "NOT_FOUND", "SENTIMENTS", "VERSION", "YES_NO", "Turn", "compose",
    "drafter", "general", "kind_of_name", "look", "names", "query", "reader", "rewrite",
    "small_eye", "span", "task", "tool_caller", "tool_result", "yes_no",
]  # fmt: skip
