"""What stands in Word files outside plain paragraphs: changes, forms, boxes, notes, margins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import docx
import pytest
from docx.shared import Inches
from office_files import add_part, element
from parsing import read

from retrieval.values import TextLocator

_RUN = "<w:r><w:t>{}</w:t></w:r>"
_BOX = "<w:txbxContent><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:txbxContent>"


def _texts(document: Any, tmp_path: Path) -> list[str]:
    document.save(str(tmp_path / "a.docx"))
    blocks = read(tmp_path / "a.docx").blocks
    joined = "\n\n".join(b.text for b in blocks)
    for block in blocks:
        assert isinstance(block.locator, TextLocator)
        assert joined[block.locator.start : block.locator.end] == block.text
    return [b.text for b in blocks]


@pytest.mark.parametrize(
    ("xml", "read_as"),
    [
        (f"<w:ins>{_RUN.format('forty')}</w:ins>", "forty"),
        ("<w:del><w:r><w:delText>thirty</w:delText></w:r></w:del>", ""),
        (f"<w:moveFrom>{_RUN.format('gone')}</w:moveFrom>", ""),
        (f"<w:moveTo>{_RUN.format('here')}</w:moveTo>", "here"),
        (f"<w:sdt><w:sdtPr/><w:sdtContent>{_RUN.format('Ada')}</w:sdtContent></w:sdt>", "Ada"),
        (
            "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr>"
            f"<w:sdtContent>{_RUN.format('Click here')}</w:sdtContent></w:sdt>",
            "",
        ),
        (f'<w:fldSimple w:instr=" SEQ Figure ">{_RUN.format("3")}</w:fldSimple>', "3"),
        ("<m:oMath><m:r><m:t>E=mc</m:t></m:r></m:oMath>", "E=mc"),
        (f'<w:hyperlink r:id="x">{_RUN.format("link")}</w:hyperlink>', "link"),
        ("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r>", "a\tb\nc"),
    ],
)
def test_a_paragraph_reads_as_it_is_seen(tmp_path: Path, xml: str, read_as: str) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("(")
    paragraph._p.append(element(xml))
    paragraph.add_run(")")
    assert _texts(document, tmp_path) == [f"({read_as})"]


def test_controls_around_paragraphs_and_rows_are_read_in_their_place(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("First")
    table = document.add_table(rows=2, cols=2)
    for count, cell in enumerate(("Name", "Born", "Ada", "1815")):
        table.cell(*divmod(count, 2)).text = cell
    document.add_paragraph("Last", style="List Number")
    first, body = document.paragraphs[0]._p, document.element.body
    for inner in (table._tbl, table.rows[1]._tr):
        wrap = element("<w:sdt><w:sdtPr/><w:sdtContent/></w:sdt>")
        inner.addprevious(wrap)
        wrap[1].append(inner)
    contents = '<w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj>'
    lines = f"<w:sdtContent><w:p>{_RUN.format('First 1')}</w:p></w:sdtContent>"
    body.insert(0, element(f"<w:sdt><w:sdtPr>{contents}</w:sdtPr>{lines}</w:sdt>"))
    first.addprevious(
        element(f"<w:sdt><w:sdtContent><w:p>{_RUN.format('Cover')}</w:p></w:sdtContent></w:sdt>")
    )
    assert _texts(document, tmp_path) == ["Cover", "First", "Name | Born\nAda | 1815", "• Last"]


def test_merged_cells_and_tables_in_cells(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(rows=3, cols=3)
    for count in range(9):
        table.cell(*divmod(count, 3)).text = str(count)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "Quay"
    table.cell(1, 2).merge(table.cell(2, 2)).text = "both"
    table.cell(1, 0).add_table(1, 2).cell(0, 1).text = "inner"
    rows = ["Quay | 2", "3 inner | 4 | both", "6 | 7 | both"]
    assert _texts(document, tmp_path) == ["\n".join(rows)]


def test_text_boxes_are_read_once_after_their_paragraph(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Before").add_run()._r.append(
        element(
            f"<mc:AlternateContent><mc:Choice Requires='wps'><w:drawing>{_BOX.format('Ring twice')}"
            f"</w:drawing></mc:Choice><mc:Fallback><w:pict>{_BOX.format('Ring twice')}</w:pict>"
            "</mc:Fallback></mc:AlternateContent>"
        )
    )
    document.add_paragraph("After").add_run()._r.append(
        element(f"<w:pict>{_BOX.format('Old box')}</w:pict>")
    )
    assert _texts(document, tmp_path) == ["Before", "Ring twice", "After", "Old box"]


def test_notes_and_comments_stand_beside_what_they_are_about(tmp_path: Path) -> None:
    document = docx.Document()
    first = document.add_paragraph("The rent is 900.")
    table = document.add_table(rows=1, cols=1)
    table.cell(0, 0).text = "Deposit"
    document.add_paragraph("The end.")
    document.add_comment(first.runs, text="Too much?", author="Ann Lee")
    for kind in ("footnote", "endnote"):
        notes = "".join(
            f'<w:{kind} w:id="{n}"><w:p>{_RUN.format(f"{kind} {n}")}</w:p></w:{kind}>'
            for n in (1, 2)
        )
        add_part(document, f"/word/{kind}s.xml", f"{kind}s", f"<w:{kind}s NS>{notes}</w:{kind}s>")
    first._p.append(element('<w:r><w:footnoteReference w:id="2"/></w:r>'))
    first._p.append(element('<w:del><w:r><w:endnoteReference w:id="2"/></w:r></w:del>'))
    cell = table.cell(0, 0).paragraphs[0]._p
    cell.append(element('<w:r><w:footnoteReference w:id="1"/><w:endnoteReference w:id="1"/></w:r>'))
    assert _texts(document, tmp_path) == [
        "The rent is 900.",
        "Note 1: footnote 2",
        "Comment by Ann Lee: Too much?",
        "Deposit",
        "Note 2: footnote 1",
        "Endnote 1: endnote 1",
        "The end.",
    ]


def test_damaged_notes_do_not_hide_the_text(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Whole")
    paragraph._p.append(element('<w:r><w:footnoteReference w:id="1"/></w:r>'))
    add_part(document, "/word/footnotes.xml", "footnotes", "<w:footnotes")
    assert _texts(document, tmp_path) == ["Whole"]


def test_diagrams_tell_their_words(tmp_path: Path) -> None:
    document = docx.Document()
    words = "".join(
        f"<dgm:pt><dgm:t><a:p><a:r><a:t>{w}</a:t></a:r></a:p></dgm:t></dgm:pt>" for w in "AB"
    )
    data = f"<dgm:dataModel NS><dgm:ptLst>{words}</dgm:ptLst></dgm:dataModel>"
    link = add_part(document, "/word/diagrams/data1.xml", "diagramData", data)
    document.add_paragraph("Steps").add_run()._r.append(
        element(
            f'<w:drawing><a:graphicData><dgm:relIds r:dm="{link}"/></a:graphicData></w:drawing>'
        )
    )
    assert _texts(document, tmp_path) == ["Steps", "A\nB"]


def test_all_headers_that_are_shown_are_read_with_their_tables(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Body")
    section = document.sections[0]
    section.header.paragraphs[0].text = "Every page"
    section.header.add_table(1, 2, Inches(4)).cell(0, 1).text = "Tel. 0131"
    section.first_page_header.paragraphs[0].text = "Letterhead"
    section.even_page_footer.paragraphs[0].text = "Never shown"
    assert _texts(document, tmp_path) == ["Body", "Every page\n | Tel. 0131"]
    section.different_first_page_header_footer = True
    assert _texts(document, tmp_path) == ["Body", "Every page\n | Tel. 0131", "Letterhead"]
