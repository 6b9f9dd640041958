"""Saved e-mails: who wrote to whom and when, the text, and the names of what was attached.

Attachments are named, not opened; a mail inside a mail is read two levels deep, and named below
that. Knows nothing of mailboxes.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any

from retrieval.parse.base import Limits, ParseTools, Source, TextFlow, one_line, readable_size
from retrieval.parse.figures import figure_of
from retrieval.parse.html import decode_html, html_blocks
from retrieval.parse.pictured import Pictured
from retrieval.parse.text import decode
from retrieval.sniff import safe_name
from retrieval.values import Block, Figure, Header, Parsed

_FIELDS = ("From", "To", "Cc", "Date", "Subject")
_MAX_NESTED = 2
_MAX_PARTS = 500


def parse_email(source: Source, limits: Limits, tools: ParseTools) -> Iterator[Parsed]:
    """Yield the heading fields as metadata and text, the body, and the attachments by name."""
    data = source.path.read_bytes().lstrip(b"\xef\xbb\xbf\r\n")
    message = email.message_from_bytes(data, policy=email.policy.default)
    metadata: dict[str, Any] = {}
    for field, key in (("Subject", "title"), ("From", "author"), ("To", "to")):
        if value := _field(message, field):
            metadata[key] = value
    if sent := _sent(message):
        metadata["sent_at"] = sent
    yield Header("text", source.media_type, 1, metadata)
    flow = TextFlow()
    yield from _blocks(message, flow, 0)
    yield from _figures(message, flow, limits, Pictured(tools))


def _figures(
    message: Any, flow: TextFlow, limits: Limits, pictured: Pictured
) -> Iterator[Figure | Block]:
    """Yield the images that were sent along, each with the words in it; they stand at the end,
    where attachments are named."""
    for count, part in enumerate(message.walk()):
        if count == _MAX_PARTS:
            return
        if part.get_content_maintype() != "image":
            continue
        data = part.get_payload(decode=True) or b""
        if (figure := figure_of(data, limits, position=max(flow.position - 1, 0))) is not None:
            yield figure
        if said := flow.block(pictured.text(data, limits), "ocr"):
            yield said


def _blocks(message: Any, flow: TextFlow, depth: int) -> Iterator[Block]:
    flow.heading = _field(message, "Subject")
    lines = [f"{name}: {value}" for name in _FIELDS if (value := _field(message, name))]
    head = flow.block("\n".join(lines), "metadata" if depth == 0 else "body")
    if head:
        yield head
    plain, page, attached, nested = _sort_parts(message)
    if plain:
        for text in plain:
            for paragraph in text.replace("\r\n", "\n").split("\n\n"):
                block = flow.block(paragraph)
                if block:
                    yield block
    else:
        for text in page:
            subject = flow.heading
            yield from html_blocks(text, flow)
            flow.heading = subject
    if depth == _MAX_NESTED:
        attached += [f"{_field(m, 'Subject') or 'e-mail'} (e-mail, not read)" for m in nested]
        nested = []
    if attached:
        block = flow.block("Attachments: " + "; ".join(attached))
        if block:
            yield block
    for inner in nested:
        yield from _blocks(inner, flow, depth + 1)


def _sort_parts(message: Any) -> tuple[list[str], list[str], list[str], list[Any]]:
    """Return plain texts, web pages, attachments by name and size, and mails inside."""
    plain: list[str] = []
    page: list[str] = []
    attached: list[str] = []
    nested: list[Any] = []
    waiting: list[Any] = [message]
    for _ in range(_MAX_PARTS):
        if not waiting:
            break
        part = waiting.pop(0)
        if part is not message and part.get_content_type() == "message/rfc822":
            nested.extend(p for p in part.get_payload() if isinstance(p, EmailMessage))
        elif part.is_multipart():
            waiting[:0] = part.get_payload()
        else:
            data = part.get_payload(decode=True) or b""
            name = part.get_filename()
            kind = part.get_content_type()
            if name or kind not in ("text/plain", "text/html"):
                attached.append(f"{safe_name(str(name or kind))} ({readable_size(len(data))})")
            elif kind == "text/plain":
                plain.append(_text(part, data))
            else:
                page.append(decode_html(data))
    return [text for text in plain if text.strip()], page, attached, nested


def _text(part: Any, data: bytes) -> str:
    charset = part.get_content_charset()
    if charset:
        try:
            return str(data.decode(charset))
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data)


def _field(message: Any, name: str) -> str:
    """Return a heading field decoded; mails break its rules in every way, so never an error."""
    try:
        return one_line(str(message.get(name) or ""))[:1000]
    except Exception:
        return ""


def _sent(message: Any) -> str | None:
    try:
        return parsedate_to_datetime(_field(message, "Date")).isoformat()
    except (TypeError, ValueError, IndexError):
        return None
