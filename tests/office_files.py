"""Parts of Office files that the libraries people use cannot write, put in by hand."""

from __future__ import annotations

from typing import Any

from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml.parser import parse_xml
from pptx.chart.xmlwriter import ChartXmlWriter
from pptx.enum.chart import XL_CHART_TYPE

_NS = " ".join(
    f'xmlns:{name}="http://schemas.openxmlformats.org/{path}"'
    for name, path in {
        "w": "wordprocessingml/2006/main",
        "m": "officeDocument/2006/math",
        "mc": "markup-compatibility/2006",
        "a": "drawingml/2006/main",
        "c": "drawingml/2006/chart",
        "dgm": "drawingml/2006/diagram",
        "wp": "drawingml/2006/wordprocessingDrawing",
        "p": "presentationml/2006/main",
        "r": "officeDocument/2006/relationships",
    }.items()
)
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def element(xml: str) -> Any:
    """An element of an Office file, its prefixes declared."""
    return parse_xml(f"<w:body {_NS}>{xml}</w:body>")[0]


def add_part(document: Any, name: str, kind: str, xml: str) -> str:
    """Put a part into a Word document or onto a slide; returns its link."""
    owner = document.part
    data = xml.replace("NS", _NS).encode()
    if type(owner).__module__.startswith("pptx"):
        from pptx.opc.package import Part as SlidePart
        from pptx.opc.packuri import PackURI as SlideURI

        part: Any = SlidePart(SlideURI(name), "application/xml", owner.package, data)
    else:
        part = Part(PackURI(name), "application/xml", data, owner.package)
    return str(owner.relate_to(part, kind if ":" in kind else f"{_LINKS}/{kind}"))


def add_word_chart(document: Any, xml: str, count: int = 1) -> None:
    """Put a chart into a paragraph of its own."""
    link = add_part(document, f"/word/charts/chart{count}.xml", "chart", xml)
    graphic = f'<a:graphic><a:graphicData><c:chart r:id="{link}"/></a:graphicData></a:graphic>'
    drawing = element(f"<w:drawing><wp:inline>{graphic}</wp:inline></w:drawing>")
    document.add_paragraph().add_run()._r.append(drawing)


def chart_xml(data: Any, kind: Any = XL_CHART_TYPE.COLUMN_CLUSTERED) -> str:
    """The part of a chart, as python-pptx writes it."""
    return str(ChartXmlWriter(kind, data).xml)
