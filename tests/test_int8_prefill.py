"""Prompts read in int8 beside llama.cpp: the same logits, adapters, images, cancel, fallback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFWriter
from numpy.typing import NDArray

from assistant.models import int8_prefill
from assistant.models.lane_state import LaneStates, PrefillError
from assistant.models.likelihood import log_probabilities
from assistant.models.llama_capi import open_llama
from assistant.models.llama_engine import LlamaEngine, Rows
from assistant.models.llama_text import Vocabulary
from assistant.models.model_file import ModelFile
from assistant.models.protocol import never
from assistant.models.registry import SHIPPED_READER
from retrieval.weights import ModelStore

TEXT = (
    "The ferry to Kalsoy leaves at 9.15 from the lower pier; in winter it does not run on Sundays. "
    "Tickets cost 40 kroner and are sold on board. 夜航只在七月和八月开行, 票价加倍。 "
) * 3
READER = SHIPPED_READER / "reader.gguf"


@pytest.fixture(scope="module")
def path(model_store: ModelStore) -> Path:
    """The language model's file."""
    return model_store.path("qwen2.5-coder-0.5b")


@pytest.fixture(scope="module")
def plain(path: Path) -> Iterator[LlamaEngine]:
    """llama.cpp alone."""
    engine = LlamaEngine(path, 1024, 2)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def quick(path: Path) -> Iterator[LlamaEngine]:
    """llama.cpp with its prompts read in int8."""
    engine = LlamaEngine(path, 1024, 2, int8=True)
    if engine.reads_in != "int8":
        pytest.skip("this processor's int8 products are wrong or no faster than llama.cpp")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def tokens(plain: LlamaEngine) -> list[int]:
    """The text's tokens."""
    return Vocabulary(open_llama(), plain.model, plain.vocab, "m").tokens(TEXT)


def odds(engine: LlamaEngine) -> NDArray[np.float64]:
    """Log-probabilities of what comes next."""
    return log_probabilities(engine.logits().copy())


def apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Kullback-Leibler divergence in nats."""
    return float((np.exp(one) * (one - other)).sum())


def test_both_expect_the_same_next_word(
    plain: LlamaEngine, quick: LlamaEngine, tokens: list[int]
) -> None:
    for length in (12, 60, len(tokens)):
        for adapter in (None, READER):
            found = []
            for engine in (plain, quick):
                for lane in engine.lanes:
                    engine.cut(lane, 0)
                ready = engine.prefill(tokens[:length], never, adapter)
                assert ready.done and ready.read == length and ready.reused == 0
                assert ready.lane.cells == tokens[:length]
                found.append(odds(engine))
            assert apart(*found) < 0.05, (length, adapter)


def test_an_adapter_changes_what_is_expected(quick: LlamaEngine, tokens: list[int]) -> None:
    quick.prefill(tokens, never, None)
    without = odds(quick)
    quick.prefill(tokens, never, READER)
    assert apart(odds(quick), without) > 0.1


def test_a_second_question_goes_on_from_the_first(
    plain: LlamaEngine, quick: LlamaEngine, tokens: list[int]
) -> None:
    first, second = [*tokens, *tokens[5:40]], [*tokens, *tokens[60:100]]
    quick.prefill(first, never)
    ready = quick.prefill(second, never)
    assert ready.reused == len(tokens)
    plain.prefill(second, never)
    assert apart(odds(plain), odds(quick)) < 0.05
    token = int(odds(quick).argmax())
    for engine in (plain, quick):
        engine.extend(engine.prefill(second, never).lane, [token])
    assert apart(odds(plain), odds(quick)) < 0.05


def test_lanes_do_not_disturb_each_other(quick: LlamaEngine, tokens: list[int]) -> None:
    quick.prefill(tokens, never)
    before = odds(quick)
    quick.prefill(tokens[::-1], never)
    quick.prefill(tokens, never, READER)
    again = quick.prefill(tokens, never)
    assert again.reused == len(tokens) - 1
    assert apart(before, odds(quick)) < 1e-3


def test_image_rows_are_read_too(plain: LlamaEngine, quick: LlamaEngine, tokens: list[int]) -> None:
    noise = np.random.default_rng(3).normal(size=(20, 896)) * 0.015
    image = Rows("some picture", noise.astype(np.float32))
    found = []
    for engine in (plain, quick):
        engine.prefill([*tokens[:5], image, *tokens[5:30]], never)
        found.append(odds(engine))
    assert apart(*found) < 0.05


def test_what_was_read_before_a_cancel_is_kept(quick: LlamaEngine, tokens: list[int]) -> None:
    asked = iter([False, False, False, True])
    text = [token + 1 for token in tokens for _ in range(2)]
    stopped = quick.prefill(text, lambda: next(asked, True))
    assert not stopped.done and 0 < stopped.read < len(text)
    assert stopped.lane.cells == text[: stopped.read]
    assert quick.prefill(text, never).reused == stopped.read


def test_a_state_is_carried_to_another_lane(plain: LlamaEngine, tokens: list[int]) -> None:
    states = plain.states(24, 128)
    source = plain.prefill(tokens, never).lane
    wanted = odds(plain)
    target = next(lane for lane in plain.lanes if lane is not source)
    plain.forget(target)
    states.write(target.number, states.read(source.number, len(tokens)))
    plain.took(target, tokens)
    plain.cut(target, len(tokens) - 1)
    plain.extend(target, tokens[-1:])
    assert apart(wanted, odds(plain)) < 1e-3


def test_another_layout_is_refused_and_never_misread(plain: LlamaEngine, tokens: list[int]) -> None:
    lane = plain.prefill(tokens, never).lane
    for wrong in (plain.states(23, 128), plain.states(24, 64), plain.states(12, 256)):
        with pytest.raises(PrefillError):
            wrong.read(lane.number, len(tokens))
    states: LaneStates = plain.states(24, 128)
    with pytest.raises(PrefillError):
        states.read(lane.number, len(tokens) - 1)
    halves = states.read(lane.number, len(tokens))
    with pytest.raises(PrefillError):
        states.write(lane.number, np.tile(halves, (1, 1, 12, 1)))  # more than a lane holds
    plain.forget(lane)


@pytest.mark.parametrize("name, value", [("_MOST_ERROR", 0.0), ("_MEMORY", 1 << 60)])
def test_where_it_is_wrong_or_too_large_llama_reads_alone(
    path: Path, tokens: list[int], monkeypatch: pytest.MonkeyPatch, name: str, value: float
) -> None:
    monkeypatch.setattr(int8_prefill, name, value)
    engine = LlamaEngine(path, 256, 1, int8=True)
    assert engine.reads_in == "4 bits"
    assert engine.prefill(tokens[:50], never).done
    engine.close()


def test_where_it_is_no_faster_llama_reads_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(int8_prefill.Int8Prefill, "probe", lambda _self: (0.04, 0.9))
    engine = LlamaEngine(path, 256, 1, int8=True)
    assert engine.reads_in == "4 bits"
    engine.close()


def test_when_it_fails_llama_reads_the_prompt_from_its_beginning(
    plain: LlamaEngine, path: Path, tokens: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = LlamaEngine(path, 1024, 1, int8=True)
    if engine.reads_in != "int8":
        pytest.skip("this processor's int8 products are wrong or no faster than llama.cpp")
    asked = []

    def fail(*given: object) -> list[NDArray[np.float32]]:
        asked.append(given)
        raise PrefillError("out of memory")

    monkeypatch.setattr(int8_prefill.Int8Prefill, "_step", fail)
    for length in (40, 60):
        ready = engine.prefill(tokens[:length], never)
        assert ready.done and ready.lane.cells == tokens[:length]
    assert len(asked) == 1, "it is not tried again"
    plain.prefill(tokens[:60], never)
    assert apart(odds(plain), odds(engine)) < 1e-3
    engine.close()


def test_another_architecture_is_told(tmp_path: Path) -> None:
    path = tmp_path / "other.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_block_count(2)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    with pytest.raises(KeyError, match="qwen2"):
        ModelFile(path)
