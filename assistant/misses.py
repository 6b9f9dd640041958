"""The nearest misses: what is shown of a passage where nothing was found to answer with.

A name and a page leave the reader to look for himself, so each is shown at its sentence that comes
nearest to the question, marked as a citation is. What either shows of secrets is masked. Knows no
graph.
"""

from __future__ import annotations

from dataclasses import replace

from assistant.citations import cite
from assistant.messages import Citation
from assistant.safety import find_orders, hide_secrets
from assistant.session import Session
from assistant.telling import by_nearness
from retrieval.values import Passage


def miss(session: Session, passage: Passage) -> Citation:
    """Return where to look in a passage, as a citation of number 0: nothing refers to it.

    A sentence that gives orders is none.
    """
    question = session.request.question
    told = (quote for _, quote in by_nearness(question, passage))
    quote = next((quote for quote in told if not find_orders(quote, session.detect)), "")
    made = cite(0, passage, quote, session.words(passage) if quote else ())
    return discreet(session, made)


def discreet(session: Session, citation: Citation) -> Citation:
    """Return a citation whose words show no password or key that was not asked for."""
    return replace(citation, snippet=hide_secrets(citation.snippet, session.request.question))
