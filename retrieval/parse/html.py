"""Web pages: the main text by trafilatura, all visible text when it finds none.

Nothing is fetched and no script is run. Knows nothing of chunks.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from retrieval.parse.base import Limits, ParseTools, Source, TextFlow, one_line
from retrieval.parse.text import decode
from retrieval.values import Block, Header, Parsed

_META_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]{3,20})", re.I)
_HIDDEN = ("script", "style", "noscript", "template", "iframe", "object", "svg", "head")
_ENDS = ("p", "div", "section", "article", "li", "td", "th", "pre", "blockquote", "br", "dd", "dt")
_MAX_DEPTH = 200


def parse_html(source: Source, limits: Limits, tools: ParseTools) -> Iterator[Parsed]:
    """Yield the text of a web page in order, each block under its heading."""
    page = decode_html(source.path.read_bytes())
    metadata = {"title": title_of(page)} if title_of(page) else {}
    yield Header("text", source.media_type, 1, metadata)
    yield from html_blocks(page, TextFlow())


def decode_html(data: bytes) -> str:
    """Decode by the page's own declaration when it holds, else by its bytes."""
    declared = _META_CHARSET.search(data[:4096])
    if declared and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        try:
            return data.decode(declared.group(1).decode("ascii"))
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data)


def title_of(page: str) -> str:
    """Return what the page calls itself, or nothing."""
    found = re.search(r"<title[^>]*>(.*?)</title>", page[:100_000], re.I | re.S)
    if not found:
        return ""
    return one_line(html.unescape(found.group(1)))[:300]


def html_blocks(page: str, flow: TextFlow) -> list[Block]:
    """Return the blocks of a page: its main text, or all its visible text when that is more use."""
    tree = _tree(page)
    everything = [] if tree is None else _visible(tree)
    if not everything:
        everything = [("body", _without_tags(page))]
    main = _main_text(page)
    # Boilerplate removal pays on articles; on notes, receipts and mails it loses the content.
    parts = (
        main if _letters(main) > 0.5 * _letters(everything) and _letters(main) > 400 else everything
    )
    blocks: list[Block] = []
    for kind, text in parts:
        block = flow.title(text) if kind == "head" else flow.block(text, _kind(kind))
        if block:
            blocks.append(block)
    return blocks


def _without_tags(page: str) -> str:
    """Return what is left when everything in angle brackets goes: for pages no parser follows."""
    page = re.sub(r"<(script|style)\b.*?</\1\s*>", " ", page, flags=re.I | re.S)
    return one_line(html.unescape(re.sub(r"<[^<>]*>", " ", page)))


def _kind(name: str) -> Any:
    return "table" if name == "table" else "body"


def _letters(parts: list[tuple[str, str]]) -> int:
    return sum(len(text) for _, text in parts)


def _tree(page: str) -> Any:
    from lxml import etree
    from lxml.html import HTMLParser, fromstring

    parser = HTMLParser(no_network=True, huge_tree=False, remove_comments=True)
    try:
        return fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", page), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def _main_text(page: str) -> list[tuple[str, str]]:
    """Return (kind, text) of what trafilatura holds to be the article."""
    import trafilatura

    try:
        document = trafilatura.bare_extraction(
            page, include_comments=False, include_tables=True, with_metadata=False
        )
    except Exception:  # its rules meet every kind of broken page; the plain text remains
        return []
    body = getattr(document, "body", None)
    if body is None:
        return []
    parts: list[tuple[str, str]] = []
    for node in body:
        if node.tag == "table":
            text = "\n".join(_row(row) for row in node.iter("row"))
        else:
            text = one_line("".join(node.itertext()))
        parts.append((node.tag if node.tag in ("head", "table") else "body", text))
    return [(kind, text) for kind, text in parts if text.strip()]


def _row(row: Any) -> str:
    return " | ".join(one_line("".join(cell.itertext())) for cell in row)


def _visible(tree: Any) -> list[tuple[str, str]]:
    """Return (kind, text) of everything a reader would see, in order."""
    parts: list[tuple[str, str]] = []
    held: list[str] = []

    def flush(kind: str = "body") -> None:
        text = one_line("".join(held))
        held.clear()
        if text:
            parts.append((kind, text))

    def walk(node: Any, depth: int) -> None:
        if not isinstance(node.tag, str) or node.tag in _HIDDEN:
            return
        if node.tag == "table" and not node.findall(".//table"):
            flush()
            rows = (
                " | ".join(
                    c
                    for c in (
                        one_line("".join(cell.itertext()))
                        for cell in row
                        if isinstance(cell.tag, str)
                    )
                    if c
                )
                for row in node.iter("tr")
            )
            parts.append(("table", "\n".join(row for row in rows if row)))
            return
        is_heading = bool(re.fullmatch(r"h[1-6]", node.tag))
        is_block = node.tag in _ENDS or is_heading
        if is_block:
            flush()
        held.append(node.text or "")
        for child in node:
            if depth < _MAX_DEPTH:
                walk(child, depth + 1)
            held.append(child.tail or "")
        if is_block:
            flush("head" if is_heading else "body")

    walk(tree, 0)
    flush()
    return [(kind, text) for kind, text in parts if text.strip()]
