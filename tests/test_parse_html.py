"""Web pages and saved e-mails."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
from parsing import read

from retrieval.errors import FileDamaged

ARTICLE = " ".join(f"Sentence {i} of the article tells of the harbour." for i in range(30))


def test_an_article_loses_its_menus(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(
        "<!doctype html><html><head><title>The harbour &amp; its town</title>"
        "<script>alert('no')</script></head><body><nav><a href='/'>Home</a><a>Shop</a></nav>"
        f"<article><h1>The harbour</h1><p>{ARTICLE}</p><h2>Prices</h2><p>{ARTICLE}</p></article>"
        "<footer>Cookie settings</footer></body></html>"
    )
    found = read(path)
    assert found.header.metadata["title"] == "The harbour & its town"
    assert "Sentence 29 of the article" in found.text
    assert "alert" not in found.text
    assert "Cookie settings" not in found.text
    assert found.blocks[-1].heading == "Prices"


def test_a_short_page_keeps_everything_a_reader_sees(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_bytes(
        '<html><head><meta charset="gbk"></head><body><h1>订单</h1><table>'
        "<tr><th>Item</th><th>Price</th></tr><tr><td>Oar</td><td>35.50</td></tr></table>"
        "<p>Total: <b>35.50</b></p><style>p{}</style></body></html>".encode("gbk")
    )
    found = read(path)
    assert [(b.kind, b.text, b.heading) for b in found.blocks] == [
        ("body", "订单", "订单"),
        ("table", "Item | Price\nOar | 35.50", "订单"),
        ("body", "Total: 35.50", "订单"),
    ]


def test_a_page_nested_without_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(
        "<html><body>" + "<div>" * 5000 + "deep" + "</div>" * 5000 + "<p>after</p></body></html>"
    )
    assert "after" in read(path).text


def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Maria Jensen <maria@example.org>"
    message["To"] = "ben@example.org"
    message["Subject"] = "Leaking roof – résumé"
    message["Date"] = "Tue, 09 Jun 2026 10:30:00 +0200"
    message.set_content("Dear Ben,\n\nthe quote is 900 euros.\n\nMaria")
    return message


def test_mail_fields_text_and_attachments(tmp_path: Path) -> None:
    message = mail()
    message.add_alternative("<p>the quote is <b>900</b> euros, in HTML</p>", subtype="html")
    message.add_attachment(b"x" * 3000, maintype="image", subtype="png", filename="../../roof.png")
    (tmp_path / "a.eml").write_bytes(bytes(message))
    found = read(tmp_path / "a.eml")
    assert found.header.metadata["title"] == "Leaking roof – résumé"
    assert found.header.metadata["sent_at"] == "2026-06-09T10:30:00+02:00"
    texts = [b.text for b in found.blocks]
    assert "From: Maria Jensen <maria@example.org>" in texts[0]
    assert "the quote is 900 euros." in texts
    assert texts[-1] == "Attachments: roof.png (2 KB)"
    assert "in HTML" not in found.text


def test_mail_of_html_alone(tmp_path: Path) -> None:
    message = mail()
    message.clear_content()
    message.set_content("<h1>Offer</h1><p>The quote is <b>900</b> euros.</p>", subtype="html")
    (tmp_path / "a.eml").write_bytes(bytes(message))
    assert "The quote is 900 euros." in read(tmp_path / "a.eml").text


def test_mails_inside_mails_end_somewhere(tmp_path: Path) -> None:
    inner = mail()
    for depth in range(30):
        outer = mail()
        outer.replace_header("Subject", f"level {depth}")
        outer.add_attachment(inner)
        inner = outer
    (tmp_path / "a.eml").write_bytes(bytes(inner))
    found = read(tmp_path / "a.eml")
    assert "Subject: level 29" in found.blocks[0].text
    assert "Subject: level 27" in found.text
    assert "Attachments: level 26 (e-mail, not read)" in found.text
    assert "level 25" not in found.text


def test_a_mail_nested_without_end_is_refused_in_words(tmp_path: Path) -> None:
    forwarded = "".join(
        f"Content-Type: message/rfc822\n\nSubject: level {n}\n" for n in range(3000)
    )
    (tmp_path / "a.eml").write_text(f"From: a@example.org\nSubject: deep\n{forwarded}\nwords\n")
    with pytest.raises(FileDamaged, match="too deeply"):
        read(tmp_path / "a.eml")
