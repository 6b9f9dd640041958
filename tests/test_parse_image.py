"""Photos and scans: upright, 8-bit RGB, with date and place; text only where some is."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from parsing import Read, near, page, read
from PIL import Image
from skimage import data

from retrieval.values import PageLocator, Picture, RegionLocator


def pixels(picture: Picture) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.asarray(Image.open(io.BytesIO(picture.jpeg)))


def quarters() -> Image.Image:
    """Red, green, blue and white quarters, so that any turning or mirroring shows."""
    values = np.zeros((120, 160, 3), np.uint8)
    values[:60, :80], values[:60, 80:], values[60:, :80], values[60:, 80:] = (
        (220, 20, 20),
        (20, 200, 20),
        (20, 20, 220),
        (255, 255, 255),
    )
    return Image.fromarray(values)


def looks_right(found: Read) -> bool:
    (picture,) = found.pictures
    image = pixels(picture).astype(int)
    corners = image[30, 40], image[30, 120], image[90, 40], image[90, 120]
    brightest = [int(corner.argmax()) for corner in corners[:3]]
    return image.shape == (120, 160, 3) and brightest == [0, 1, 2] and corners[3].min() > 240


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(tmp_path: Path, orientation: int) -> None:
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }.get(orientation)
    stored = quarters() if turn is None else quarters().transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.jpg", exif=exif, quality=95)
    found = read(tmp_path / "a.jpg")
    assert looks_right(found)
    assert (found.header.metadata["width"], found.header.metadata["height"]) == (160, 120)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "tiff", "bmp", "heic"])
def test_every_format_is_read(tmp_path: Path, suffix: str) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    quarters().save(tmp_path / f"a.{suffix}")
    found = read(tmp_path / f"a.{suffix}", name="named-wrongly.pdf")
    assert looks_right(found)
    assert found.header.modality == "image"
    assert [b.kind for b in found.blocks] == ["metadata"]


@pytest.mark.parametrize("mode", ["CMYK", "P", "LA", "RGBA", "1", "I;16", "F"])
def test_every_kind_of_pixel_becomes_rgb(tmp_path: Path, mode: str) -> None:
    grey = np.tile(np.linspace(0, 1, 128, dtype=np.float32), (64, 1))
    if mode == "I;16":  # twelve bits used of sixteen, as scanners and cameras do
        image = Image.fromarray((grey * 4095).astype(np.uint16))
    elif mode == "F":
        image = Image.fromarray(grey * 7.5)
    else:
        image = Image.fromarray((grey * 255).astype(np.uint8)).convert("RGB").convert(mode)
    image.save(tmp_path / "a.tiff")
    (picture,) = read(tmp_path / "a.tiff").pictures
    shown = pixels(picture)
    assert shown.shape == (64, 128, 3)
    assert shown[:, :16].mean() < 45
    assert shown[:, -16:].mean() > 210


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    image.paste((200, 0, 0, 255), (0, 0, 20, 40))
    image.save(tmp_path / "a.png")
    image.quantize(8).save(tmp_path / "b.png")
    for name in ("a.png", "b.png"):
        (picture,) = read(tmp_path / name).pictures
        assert pixels(picture)[20, 35].min() > 240
        assert pixels(picture)[20, 5].argmax() == 0


def test_large_photos_are_shown_at_2048(tmp_path: Path) -> None:
    Image.linear_gradient("L").resize((5000, 3000)).save(tmp_path / "a.png")
    found = read(tmp_path / "a.png")
    assert (found.pictures[0].width, found.pictures[0].height) == (2048, 1229)
    assert found.header.metadata["width"] == 5000


def test_date_place_and_camera(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "Canon EOS R5"
    exif.get_ifd(0x8769).update({0x9003: "2025:06:14 10:32:05", 0x9011: "+02:00"})
    exif.get_ifd(0x8825).update({1: "S", 2: (33.0, 51.0, 24.5), 3: "E", 4: (151.0, 12.0, 30.0)})
    quarters().save(tmp_path / "opera_house.jpg", exif=exif)
    found = read(tmp_path / "opera_house.jpg")
    metadata = found.header.metadata
    assert metadata["taken_at"] == "2025-06-14T10:32:05+02:00"
    assert metadata["latitude"] == pytest.approx(-33.856806, abs=1e-5)
    assert metadata["longitude"] == pytest.approx(151.208333, abs=1e-5)
    assert metadata["camera"] == "Canon EOS R5"
    (sentence,) = (b for b in found.blocks if b.kind == "metadata")
    for part in ("opera house", "Saturday", "14 June 2025", "33.85681° S", "Canon EOS R5"):
        assert part in sentence.text
    assert sentence.locator == RegionLocator()
    assert b"Exif" not in found.pictures[0].jpeg


def test_broken_exif_is_no_reason_to_refuse(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0x9003: "yesterday", 0x9011: "late"})
    exif.get_ifd(0x8825).update({1: "N", 2: (900.0, 0.0, 0.0), 3: "E", 4: (1.0, 0.0, 0.0)})
    quarters().save(tmp_path / "a.jpg", exif=exif)
    metadata = read(tmp_path / "a.jpg").header.metadata
    assert "taken_at" not in metadata
    assert "latitude" not in metadata


def test_an_animation_is_its_first_frame(tmp_path: Path) -> None:
    frames = [quarters(), Image.new("RGB", (160, 120), "black")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    found = read(tmp_path / "a.gif")
    assert looks_right(found)
    assert found.header.metadata["frames"] == 2


def test_a_tiff_of_several_pages_is_a_document(tmp_path: Path) -> None:
    pages = [page((800, 600), {(60, 80): f"Sheet number {n} of the deed"}) for n in (1, 2, 3)]
    pages[0].save(tmp_path / "a.tiff", save_all=True, append_images=pages[1:])
    found = read(tmp_path / "a.tiff")
    assert (found.header.modality, found.header.units) == ("text", 3)
    assert [p.page for p in found.pictures] == [1, 2, 3]
    assert [b.text for b in found.blocks] == [f"Sheet number {n} of the deed" for n in (1, 2, 3)]
    last = found.blocks[-1].locator
    assert isinstance(last, PageLocator)
    assert last.page == 3


def test_photos_without_text_bring_none(tmp_path: Path) -> None:
    for name in ("chelsea", "coffee", "rocket"):
        Image.fromarray(getattr(data, name)()).save(tmp_path / f"{name}.png")
        found = read(tmp_path / f"{name}.png")
        assert [b.kind for b in found.blocks] == ["metadata"], name


def test_a_receipt_keeps_amounts_beside_their_labels(tmp_path: Path) -> None:
    lines = {
        (180, 60): "NORTHWIND BOATS LTD",
        (40, 160): "Skiff, used",
        (480, 160): "900.00",
        (40, 220): "Oar 12 x 2.95",
        (500, 220): "35.40",
        (40, 320): "TOTAL",
        (480, 320): "935.40",
    }
    page((640, 480), lines).save(tmp_path / "a.png")
    found = read(tmp_path / "a.png")
    rows = found.text.split("\n")
    assert "NORTHWIND BOATS LTD" in rows
    assert any(row.startswith("TOTAL") and row.endswith("935.40") for row in rows)
    assert near(found.word("TOTAL").box, (40 / 640, 326 / 480, 150 / 640, 352 / 480), 0.03)
    assert all(isinstance(b.locator, RegionLocator) for b in found.blocks)
