"""What stands on slides outside plain shapes: groups, diagrams, formulas, comments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pptx
from office_files import add_part, element
from parsing import near, read
from pptx.util import Inches

from retrieval.values import PageLocator

_TEXT = "<a:p><a:r><a:t>{}</a:t></a:r></a:p>"


def _slide() -> tuple[Any, Any]:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Plan"
    return deck, slide


def _put(slide: Any, xml: str) -> None:
    """Append an element to a slide, parsed anew as the library's own."""
    from lxml import etree
    from pptx.oxml import parse_xml

    slide.shapes._spTree.append(parse_xml(etree.tostring(element(xml))))


def test_shapes_in_groups_stand_where_they_are_drawn(tmp_path: Path) -> None:
    deck, slide = _slide()
    group = slide.shapes.add_group_shape()
    for left, text in ((1, "left"), (3, "right")):
        box = group.shapes.add_textbox(Inches(left), Inches(3), Inches(2), Inches(1.5))
        box.text_frame.text = text
    group.left, group.width = Inches(6), Inches(2)  # half as wide, moved
    deck.save(str(tmp_path / "a.pptx"))
    blocks = read(tmp_path / "a.pptx").blocks
    assert [b.text for b in blocks] == ["Plan", "left", "right"]
    right = blocks[2].locator
    assert isinstance(right, PageLocator)
    assert near(right.boxes[0], (0.7, 0.4, 0.8, 0.6), 0.001)


def test_diagrams_and_shapes_with_formulas_are_read_once(tmp_path: Path) -> None:
    deck, slide = _slide()
    words = "".join(f"<dgm:pt><dgm:t>{_TEXT.format(w)}</dgm:t></dgm:pt>" for w in ("Ask", "Act"))
    data = f"<dgm:dataModel NS><dgm:ptLst>{words}</dgm:ptLst></dgm:dataModel>"
    link = add_part(slide, "/ppt/diagrams/data1.xml", "diagramData", data)
    name = '<p:cNvPr id="{}" name="x"/>'
    _put(
        slide,
        f"<p:graphicFrame><p:nvGraphicFramePr>{name.format(70)}<p:cNvGraphicFramePr/><p:nvPr/>"
        '</p:nvGraphicFramePr><p:xfrm><a:off x="0" y="3000000"/><a:ext cx="914400" cy="914400"/>'
        f'</p:xfrm><a:graphic><a:graphicData uri="d"><dgm:relIds r:dm="{link}"/></a:graphicData>'
        "</a:graphic></p:graphicFrame>",
    )
    shape = (
        f"<p:sp><p:nvSpPr>{name.format(71)}<p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/>"
        f"<p:txBody><a:bodyPr/>{_TEXT.format('Area of a sail')}</p:txBody></p:sp>"
    )
    _put(
        slide,
        f'<mc:AlternateContent><mc:Choice Requires="a14">{shape}</mc:Choice>'
        f"<mc:Fallback>{shape}</mc:Fallback></mc:AlternateContent>",
    )
    deck.save(str(tmp_path / "a.pptx"))
    texts = [b.text for b in read(tmp_path / "a.pptx").blocks]
    assert sorted(texts) == ["Area of a sail", "Ask\nAct", "Plan"]


def test_comments_of_both_kinds_tell_who_wrote_them(tmp_path: Path) -> None:
    deck, slide = _slide()
    authors = '<p:cmAuthorLst NS><p:cmAuthor id="4" name="Ann Lee"/></p:cmAuthorLst>'
    add_part(deck, "/ppt/commentAuthors.xml", "commentAuthors", authors)
    old = '<p:cmLst NS><p:cm authorId="4"><p:text>Too long</p:text></p:cm></p:cmLst>'
    add_part(slide, "/ppt/comments/comment1.xml", "comments", old)
    kind = "http://schemas.microsoft.com/office/2018/10/relationships/{}"
    people = '<p:authorLst NS><p:author id="{A}" name="Bo"/></p:authorLst>'
    add_part(deck, "/ppt/authors.xml", kind.format("authors"), people)
    body = "<p:txBody>{}</p:txBody>"
    new = (
        '<p:cmLst NS><p:cm authorId="{A}"><p:replyLst><p:reply authorId="{B}">'
        f"{body.format(_TEXT.format('Done'))}</p:reply></p:replyLst>"
        f"{body.format(_TEXT.format('Use the map'))}</p:cm></p:cmLst>"
    )
    add_part(slide, "/ppt/comments/modern1.xml", kind.format("comments"), new)
    deck.save(str(tmp_path / "a.pptx"))
    blocks = read(tmp_path / "a.pptx").blocks
    assert [b.text for b in blocks[1:]] == [
        "Comment by Ann Lee: Too long",
        "Comment by Bo: Use the map",
        "Comment: Done",
    ]
    assert all(b.locator == PageLocator(1) for b in blocks[1:])
