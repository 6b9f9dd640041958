"""Training the reader: what it learns from, that it learns, and that a stopped run goes on."""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from assistant.errors import DataInvalid
from assistant.tuning.reader_confidence import Row, fit_confidence, is_right
from assistant.tuning.reader_data import examples, read_questions
from assistant.tuning.reader_train import LowRank, Reader, ReaderSettings, batches, train

TEXTS = {
    "en": "The lamp of {n} is lit at {k} o'clock. Its keeper is called Mira. Boats pass by.",
    "zh": "{n}的灯在{k}点点亮。守塔人名叫米拉。船只驶过。",
}
ASKED = {"en": "When is the lamp of {n} lit?", "zh": "{n}的灯几点点亮？"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for language in ("en", "zh"):
        paragraphs, questions = [], []
        for article in "ABCDEF":
            for part in range(2):
                name, k = f"{article}_{part}", str(5 + part)
                text = TEXTS[language].format(n=name, k=k)
                paragraphs.append({"id": name, "text": text})
                asks = ASKED[language].format(n=name)
                questions.append({"paragraph": name, "question": asks, "answers": [k]})
        for kind, rows in (("paragraphs", paragraphs), ("questions", questions)):
            lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
            (tmp_path / f"{language}.dev.{kind}.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


def test_examples_hold_their_answer_or_refuse(folder: Path) -> None:
    data = read_questions(folder)
    teach, held = data.split()
    assert {a.article for a in held} == {"C", "F"} and len(teach) == 8
    made = examples(data, teach, seed=0, refusals=1.0)
    assert made == examples(data, teach, seed=0, refusals=1.0)
    assert {(e.language, e.answer is None) for e in made} == {
        (language, refuses) for language in ("en", "zh") for refuses in (True, False)
    }
    assert all(e.answer in e.text for e in made if e.answer is not None)
    crossed = [e for e in made if e.language == "zh" and "lamp" in e.text]
    assert crossed, "Chinese questions are also put to English texts"


def test_a_folder_without_questions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataInvalid, match="paragraphs"):
        read_questions(tmp_path)


def _tiny(folder: Path) -> Path:
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=40, hidden_size=32, intermediate_size=48, num_hidden_layers=3,
        num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=True,
    )  # fmt: skip
    Qwen2ForCausalLM(config).save_pretrained(folder)
    return folder


def _lines() -> list[tuple[list[int], int]]:
    """A text, a mark, then the text's first token again: something to copy."""
    draw = np.random.default_rng(0)
    rows = draw.integers(5, 40, size=(64, 6)).tolist()
    return [([*row, 1, row[0], 2], 7) for row in rows]


SETTINGS = ReaderSettings(steps=30, batch=8, rank=4, first=1, lr=2e-2, warmup=2, ema=0.5)


def test_it_learns_to_copy_and_a_stopped_run_ends_the_same(tmp_path: Path) -> None:
    lm, said = _tiny(tmp_path / "lm"), []
    whole = train(lm, _lines(), tmp_path / "whole", SETTINGS, said.append)
    losses = [float(line.split("loss ")[1].split(",")[0]) for line in said]
    assert losses[-1] < losses[0] - 0.2
    names = {t.name: t.data.shape for t in gguf.GGUFReader(whole).tensors}
    assert names["blk.1.attn_q.weight.lora_a"] == (4, 32)
    assert names["blk.2.ffn_down.weight.lora_b"] == (32, 4) and len(names) == 2 * 7 * 2

    class Stopped(Exception):
        pass

    def stop(line: str) -> None:
        if line.startswith("step 25/"):
            raise Stopped

    with pytest.raises(Stopped):
        train(lm, _lines(), tmp_path / "half", SETTINGS, stop)
    again = train(lm, _lines(), tmp_path / "half", SETTINGS, lambda _line: None)
    ours, theirs = (
        {t.name: t.data for t in gguf.GGUFReader(path).tensors} for path in (again, whole)
    )
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name])


def test_an_untrained_adapter_changes_nothing(tmp_path: Path) -> None:
    model = Qwen2ForCausalLM.from_pretrained(_tiny(tmp_path / "lm"), dtype=torch.float32)
    tokens = torch.randint(0, 40, (2, 9))
    plain = model.model(input_ids=tokens).last_hidden_state
    reader = Reader(model, SETTINGS)
    assert isinstance(reader.layers[1].mlp.up_proj, LowRank)
    torch.testing.assert_close(reader.states(tokens), plain, atol=1e-5, rtol=1e-4)


def test_batches_hold_every_line_once() -> None:
    import random

    lines = _lines()
    found = batches(lines, 8, random.Random(0))
    assert sorted(map(str, (line for batch in found for line in batch))) == sorted(map(str, lines))


def test_confidence_tells_right_from_wrong(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    rows = []
    for i in range(300):
        right = bool(i % 3)
        span = draw.normal(-0.5 if right else -4.0, 1.0)
        rows.append(Row((0.5, span, span + 3, 1.0), right, f"q{i}"))
    written = fit_confidence(rows, "made up", tmp_path / "confidence.json")
    assert written["auroc"] > 0.95 and written["calibration_error"] < 0.1
    assert json.loads((tmp_path / "confidence.json").read_text())["weights"][1] > 0
    assert is_right("the old bridge", ["old bridge"]) and not is_right("bridge", ["18 May 1974"])
    assert is_right("林晓", ["林晓"]) and not is_right("", ["林晓"])
