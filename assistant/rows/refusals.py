"""What is said when a table gives no figure: no row fits, a word is in none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.drafts import Draft, join
from assistant.i18n import text
from assistant.rows.asked import Asked
from assistant.rows.columns import Sheet
from assistant.rows.figures import bracketed
from assistant.session import Session
from retrieval.values import Passage


def not_worked_out(session: Session, passage: Passage) -> Draft:
    """Say what can be worked out, for what was asked cannot."""
    said = text("say_rows_beyond", session.language, name=passage.asset)
    return Draft(said, found=False, nearest=(passage,))


def which_column(session: Session, sheet: Sheet, asked: Asked) -> Draft:
    """Ask back which of several columns is meant."""
    names = join((f"“{name}”" for name in asked.choices), session.language)
    name = sheet.table.asset
    said = text("say_rows_which", session.language, name=name, columns=names)
    return Draft(said, found=False, nearest=(sheet.table.rows[0].passage,))


def none_fits(session: Session, fitting: Sequence[tuple[Sheet, Asked]]) -> Draft:
    """Say of each table that none of its rows is among those asked for."""
    said = [
        text(
            "say_rows_none",
            session.language,
            name=sheet.table.asset,
            count=len(sheet.kept),
            about=bracketed("; ".join(asked.about), session.language),
        )
        for sheet, asked in fitting
    ]
    nearest = tuple(sheet.table.rows[0].passage for sheet, _ in fitting)
    return Draft("\n".join(said), found=False, nearest=nearest)


def missing(session: Session, sheet: Sheet, asked: Asked) -> Draft:
    """Say that no row has a word of the question."""
    said = text(
        "say_rows_missing",
        session.language,
        name=sheet.table.asset,
        count=len(sheet.kept),
        words=join((f"“{_as_asked(word, session)}”" for word in asked.missing), session.language),
    )
    return Draft(said, found=False, nearest=(sheet.table.rows[0].passage,))


def _as_asked(words: str, session: Session) -> str:
    """Return words as the question writes them."""
    found = re.search(re.escape(words), session.request.question, re.IGNORECASE)
    return found[0] if found else words
