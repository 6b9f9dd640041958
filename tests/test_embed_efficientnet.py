"""The image encoder on its real weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retrieval.embed.efficientnet import EfficientNetLite2, box_of, class_texts, to_pixels
from retrieval.embed.protocol import ImageClassifier
from retrieval.errors import WeightsError
from retrieval.weights import ModelStore


@pytest.fixture(scope="module")
def weights(model_store: ModelStore) -> Path:
    return model_store.path("efficientnet-lite2")


@pytest.fixture(scope="module")
def encoder(weights: Path) -> EfficientNetLite2:
    return EfficientNetLite2(weights)


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    from skimage import data

    return [Image.fromarray(getattr(data, name)()) for name in ("coffee", "cat", "camera")]


def test_the_graph_equals_the_network_it_was_built_from(
    encoder: EfficientNetLite2, weights: Path, photos: list[Image.Image]
) -> None:
    import timm
    import torch

    model = timm.create_model("tf_efficientnet_lite2", pretrained=False)
    found = torch.load(weights, map_location="cpu", weights_only=True)
    model.load_state_dict(dict(zip(model.state_dict(), found.values(), strict=True)))
    pixels = torch.from_numpy(to_pixels(photos)).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        maps = model.eval().forward_features((pixels - 127) / 128)
        logits = model.classifier(maps.mean((2, 3)))
    ours = encoder.features(photos)
    np.testing.assert_allclose(ours.map, maps.numpy(), atol=2e-4)
    np.testing.assert_allclose(ours.logits, logits.numpy(), atol=1e-3)
    np.testing.assert_allclose(ours.pooled, ours.map.mean((2, 3)), atol=1e-5)


def test_shapes_and_types(encoder: EfficientNetLite2, photos: list[Image.Image]) -> None:
    maps = encoder.feature_map(photos)
    assert maps.shape == (3, 1280, 9, 9)
    assert maps.dtype == np.float32
    assert encoder.pooled(photos).shape == (3, 1280)
    assert encoder.feature_map([]).shape == (0, 1280, 9, 9)
    assert isinstance(encoder, ImageClassifier)


def test_it_names_what_it_sees(encoder: EfficientNetLite2, photos: list[Image.Image]) -> None:
    coffee, cat, _ = encoder.classify(photos, top=3)
    assert coffee[0][0] == "espresso"
    assert "cat" in cat[0][0]
    assert len(coffee) == 3
    assert coffee[0][1] >= coffee[1][1] >= coffee[2][1] > 0
    assert encoder.classify([]) == []


def test_it_tells_where_it_sees_it(encoder: EfficientNetLite2, photos: list[Image.Image]) -> None:
    """A cat put into each corner of a grey photo is found in that corner."""
    corners = [(x, y) for x in (0, 300) for y in (0, 300)]
    scenes = []
    for corner in corners:
        scene = Image.new("RGB", (600, 600), (120, 120, 120))
        scene.paste(photos[1].resize((300, 300)), corner)
        scenes.append(scene)
    for (x, y), (x0, y0, x1, y1) in zip(corners, encoder.regions(scenes), strict=True):
        assert ((x0 + x1) / 2 > 0.5) == (x > 0) and ((y0 + y1) / 2 > 0.5) == (y > 0)
        assert (x1 - x0) * (y1 - y0) < 0.5


def test_the_box_holds_the_hottest_place_and_what_hangs_on_it() -> None:
    heat = np.zeros((9, 9), np.float32)
    heat[2:4, 5:8] = 0.9
    heat[3, 6] = 1.0
    heat[8, 0] = 0.8  # hot too, but elsewhere
    assert box_of(heat) == pytest.approx((5 / 9, 2 / 9, 8 / 9, 4 / 9))
    assert box_of(-np.ones((9, 9), np.float32)) == (0.0, 0.0, 1.0, 1.0)


def test_there_are_a_thousand_classes() -> None:
    assert len(class_texts()) == len(class_texts("definition")) == 1000
    assert class_texts()[0].startswith("tench")


def test_a_batch_gives_what_single_photos_give(weights: Path, photos: list[Image.Image]) -> None:
    small = EfficientNetLite2(weights, batch=2)
    together = small.pooled(photos)
    alone = np.concatenate([small.pooled([photo]) for photo in photos])
    np.testing.assert_allclose(together, alone, atol=1e-4)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1", "CMYK", "I;16", "F"])
def test_every_mode_of_photo_is_read(mode: str) -> None:
    grey = np.tile(np.linspace(0, 255, 64), (48, 1))
    if mode == "I;16":
        image = Image.fromarray((grey * 257).astype(np.uint16))
    elif mode == "F":
        image = Image.fromarray(grey.astype(np.float32))
    else:
        image = Image.fromarray(grey.astype(np.uint8)).convert(mode)
    pixels = to_pixels([image])
    assert pixels.shape == (1, 260, 260, 3)
    assert int(pixels[0, :, -20:].mean()) > int(pixels[0, :, :20].mean()) + 150


def test_transparent_pixels_become_white() -> None:
    assert to_pixels([Image.new("RGBA", (10, 10), (0, 0, 0, 0))]).min() == 255


def test_a_one_pixel_photo_is_a_photo(encoder: EfficientNetLite2) -> None:
    assert np.isfinite(encoder.pooled([Image.new("RGB", (1, 1))])).all()


def test_a_wrong_file_is_a_clear_error(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pth"
    wrong.write_bytes(b"not weights")
    with pytest.raises(WeightsError, match=r"wrong\.pth"):
        EfficientNetLite2(wrong)
    assert [path.name for path in tmp_path.iterdir()] == ["wrong.pth"]


def test_a_damaged_graph_is_built_again(weights: Path, tmp_path: Path) -> None:
    copy = tmp_path / weights.name
    copy.symlink_to(weights)
    EfficientNetLite2(copy)
    (graph,) = tmp_path.glob("*.onnx")
    whole = graph.read_bytes()
    graph.write_bytes(whole[:1000])
    EfficientNetLite2(copy)
    assert graph.read_bytes() == whole
