"""Parts of Office files as XML: parsed without entities and network, and the text of drawings.

Knows no format of documents.
"""

from __future__ import annotations

from typing import Any

from retrieval.parse.base import one_line

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def root_of(xml: bytes) -> Any:
    """Return the root element of a part.

    Raises:
        lxml.etree.XMLSyntaxError: the part is damaged or empty.
    """
    from lxml import etree

    return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))


def texts_of(xml: bytes) -> list[str]:
    """Return the paragraphs of a drawing's part (a diagram's data); none of a damaged one."""
    from lxml import etree

    try:
        return [text for one in root_of(xml).iter(f"{A}p") if (text := drawn_text(one))]
    except etree.XMLSyntaxError:  # what is wrong in a drawing is no reason to refuse its file
        return []


def drawn_text(paragraph: Any) -> str:
    """Return the text of a paragraph in a drawing, in one line."""
    runs = paragraph.iter(f"{A}t", f"{A}br")
    return one_line("".join(one.text or "" if one.tag == f"{A}t" else " " for one in runs))
