"""Training the reader: what it learns from, that it learns, and that a stopped run goes on."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from assistant import prompts
from assistant.errors import CheckpointDamaged, CheckpointMismatch, DataInvalid
from assistant.models.scripted import ScriptedChat
from assistant.tuning.packing import Ask
from assistant.tuning.reader_confidence import Row, fit_confidence, is_right
from assistant.tuning.reader_data import Lesson, Put, Questions, lessons, read_questions
from assistant.tuning.reader_measure import measure_papers, write_texts
from assistant.tuning.reader_pages import Page, batches, packed_of, page_of, refusal
from assistant.tuning.reader_papers import (
    Paper,
    PaperAsk,
    paper_lessons,
    read_papers,
    split_papers,
)
from assistant.tuning.reader_train import LowRank, Reader, ReaderSettings, train
from retrieval.values import Passage, SearchResult, TextLocator

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


def test_lessons_hold_their_answers_or_refuse(folder: Path) -> None:
    data = read_questions(folder)
    teach, held = data.split()
    assert {a.article for a in held} == {"C", "F"} and len(teach) == 8
    made = lessons(data, teach, seed=0, refusals=1.0)
    assert made == lessons(data, teach, seed=0, refusals=1.0)
    puts = [(lesson, put) for lesson in made for put in lesson.puts]
    assert {(p.language, p.answer is None) for _, p in puts} == {
        (language, refuses) for language in ("en", "zh") for refuses in (True, False)
    }
    assert all(p.answer in lesson.text for lesson, p in puts if p.answer is not None)
    crossed = [p for lesson, p in puts if p.language == "zh" and "lamp" in lesson.text]
    assert crossed, "Chinese questions are also put to English texts"


def test_everyday_papers_hold_their_answers_and_none_is_of_the_measured_set() -> None:
    papers = read_papers()
    asks = [(paper, ask) for paper in papers for ask in paper.asks]
    assert {paper.language for paper in papers} == {"en", "zh"}
    assert all(ask.answer in paper.text for paper, ask in asks if ask.answer is not None)
    refuses = sum(ask.answer is None for _, ask in asks) / len(asks)
    assert 0.25 < refuses < 0.45
    told = json.loads(Path("evals/smoke/everyday.json").read_text(encoding="utf-8"))
    measured = {"\n".join(lines) for lines in told["texts"].values()}
    assert measured and not measured & {paper.text for paper in papers}


def test_lessons_of_papers_lose_lines_and_with_them_answers() -> None:
    teach, held = split_papers(read_papers())
    assert len(held) * 9 <= len(teach) and not {p.text for p in held} & {p.text for p in teach}
    some = teach[:80]
    made = paper_lessons(some, seed=0)
    assert made == paper_lessons(some, seed=0) != paper_lessons(some, seed=1)
    puts = [(lesson, put) for lesson in made for put in lesson.puts]
    assert all(put.answer in lesson.text for lesson, put in puts if put.answer is not None)
    whole = sum(ask.answer is not None for paper in some for ask in paper.asks)
    kept = sum(put.answer is not None for _, put in puts)
    assert 0.6 * whole < kept < whole, "some answers are cut away, so that reading must refuse"
    texts = {paper.text: paper.language for paper in some}
    own = [put.language == texts[le.text] for le, put in puts if le.text in texts]
    assert 0.6 < sum(own) / len(own) < 0.9, "some questions are in the other language"


def test_papers_are_measured_with_those_questions_that_have_no_answer(tmp_path: Path) -> None:
    asks = (
        PaperAsk({"en": "What do I pay a month?", "zh": "每月付多少？"}, "£965"),
        PaperAsk({"en": "Who owns the lift?", "zh": "电梯是谁的？"}, None),
    )
    paper = Paper("lease", "The rent is £965 a month.", asks)
    written = write_texts(Questions({}, ()), [paper], tmp_path)
    assert [p.read_text(encoding="utf-8") for p in written["papers"]] == [paper.text]

    def search(text: str, library: str) -> SearchResult:
        place = TextLocator(0, len(paper.text))
        found = Passage(
            1, library, "0", "text", "text/plain", "body", paper.text, place, 1.0, 0.5
        )  # fmt: skip
        return SearchResult((found,), True, 0.0, 1)

    model = ScriptedChat(copies={"£965": -0.1})
    rows, right = measure_papers(model, search, [paper], 9, lambda _line: None)
    assert sorted(row.right for row in rows) == [False, True]
    assert right == {"papers": 1.0, "papers_refused": 0.0}, "it copies where it should refuse"


class Letters:
    """A tokenizer of single characters; markup is spelled out too."""

    def encode(self, text: str, add_special_tokens: bool) -> list[int]:
        return [ord(c) for c in text]


def test_a_page_spells_the_prompts_the_engine_reads() -> None:
    puts = (Put("en", "Who keeps it?", "Mira"), Put("zh", "谁？", None))
    page = page_of(Lesson("The keeper is Mira.", puts), Letters(), longest=900)
    assert page is not None and len(page.asks) == 2
    for put, ask in zip(puts, page.asks, strict=True):
        spelled = "".join(map(chr, (*page.shared, *ask.prompt)))
        (system, user) = prompts.span(put.question, "The keeper is Mira.", put.language)
        assert spelled.index(system.text) < spelled.index(user.text)
        assert spelled.endswith("<|im_start|>assistant\n")
    assert "".join(map(chr, page.asks[0].answers[0])) == "Mira<|im_end|>"
    assert page.asks[1].answers[0] == refusal(Letters())
    assert "The keeper is Mira." in "".join(map(chr, page.shared)), "the text is read once"
    assert page_of(Lesson("The keeper is Mira.", puts), Letters(), longest=60) is None


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


def _pages() -> list[Page]:
    """A text, then twice a mark and the token of the text to copy: 1 for its first, 3 its second.

    4 asks for what is never there, and the answer is 0.
    """
    draw = np.random.default_rng(0)
    rows = draw.integers(5, 40, size=(64, 6)).tolist()
    return [
        Page(
            tuple(row),
            (Ask((1,), ((row[0], 2),)), Ask((3,), ((row[1], 2),)), Ask((4,), (REFUSAL,))),
        )
        for row in rows
    ]


REFUSAL = (0, 2)
SETTINGS = ReaderSettings(steps=30, batch=8, rank=4, first=1, lr=2e-2, warmup=2, ema=0.5)


def test_it_learns_to_copy_and_a_stopped_run_ends_the_same(tmp_path: Path) -> None:
    lm, said = _tiny(tmp_path / "lm"), []
    whole = train(lm, _pages(), _pages()[:8], REFUSAL, tmp_path / "whole", SETTINGS, said.append)
    losses = [float(line.split("loss ")[1].split(",")[0]) for line in said if "step" in line]
    assert losses[-1] < losses[0] - 0.2
    assert re.fullmatch(r"held-out: loss .* of 16, rightly refused .* of 8", said[-1])
    names = {t.name: t.data.shape for t in gguf.GGUFReader(whole).tensors}
    assert names["blk.1.attn_q.weight.lora_a"] == (4, 32)
    assert names["blk.2.ffn_down.weight.lora_b"] == (32, 4) and len(names) == 2 * 7 * 2

    class Stopped(Exception):
        pass

    def stop(line: str) -> None:
        if line.startswith("step 25/"):
            raise Stopped

    with pytest.raises(Stopped):
        train(lm, _pages(), [], REFUSAL, tmp_path / "half", SETTINGS, stop)
    again = train(lm, _pages(), [], REFUSAL, tmp_path / "half", SETTINGS, lambda _line: None)
    ours, theirs = (
        {t.name: t.data for t in gguf.GGUFReader(path).tensors} for path in (again, whole)
    )
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name])


def test_a_run_begins_with_what_another_learned(tmp_path: Path) -> None:
    lm, said = _tiny(tmp_path / "lm"), []
    pages, first, more = _pages(), tmp_path / "first", tmp_path / "more"
    train(lm, pages, pages[:8], REFUSAL, first, replace(SETTINGS, steps=10), said.append)
    told = said[-1]
    still = replace(SETTINGS, steps=1, lr=0.0)
    train(lm, pages, pages[:8], REFUSAL, more, still, said.append, start=first)
    assert said[-1] == told and told.startswith("held-out")
    with pytest.raises(CheckpointMismatch):
        other = replace(still, rank=2)
        train(lm, pages, [], REFUSAL, tmp_path / "other", other, said.append, start=first)
    with pytest.raises(CheckpointDamaged, match=r"nowhere"):
        nowhere = tmp_path / "nowhere"
        train(lm, pages, [], REFUSAL, tmp_path / "none", still, said.append, start=nowhere)


def test_a_run_is_of_its_pages_not_of_their_number(tmp_path: Path) -> None:
    lm, pages = _tiny(tmp_path / "lm"), _pages()
    short = replace(SETTINGS, steps=1)
    train(lm, pages, [], REFUSAL, tmp_path / "run", short, lambda _line: None)
    with pytest.raises(CheckpointMismatch):
        changed = [replace(pages[0], shared=pages[1].shared), *pages[1:]]
        train(lm, changed, [], REFUSAL, tmp_path / "run", short, lambda _line: None)


def test_an_untrained_adapter_changes_nothing(tmp_path: Path) -> None:
    model = Qwen2ForCausalLM.from_pretrained(_tiny(tmp_path / "lm"), dtype=torch.float32)
    reader = Reader(model, SETTINGS)
    assert isinstance(reader.layers[1].mlp.up_proj, LowRank)
    page = _pages()[0]
    packed = packed_of([page])
    states = reader.states(packed.tokens, packed.positions, packed.visible)[0]
    at = len(page.shared)
    for ask in page.asks:  # as if each question stood alone behind the text
        alone = torch.tensor([[*page.shared, *ask.prompt, *ask.answers[0][:-1]]])
        plain = model.model(input_ids=alone).last_hidden_state[0, len(page.shared) :]
        torch.testing.assert_close(states[at : at + ask.size], plain, atol=1e-5, rtol=1e-4)
        at += ask.size


def test_batches_hold_every_page_once() -> None:
    import random

    pages = _pages()
    found = batches(pages, 8, random.Random(0))
    assert sorted(map(str, (p for batch in found for p in batch))) == sorted(map(str, pages))


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
