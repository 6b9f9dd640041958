"""Fit the rule that tells orders to an assistant from other sentences (``assistant.orders``).

Orders are put together from the phrases of ``orders.json``, which share no
sentence with the attack suite. Other sentences are the harmless imperatives of that file and
sentences of any texts given: ``fit_orders.py TEXTS.jsonl …`` with rows that have ``text``.
A balanced logistic rule over E5 vectors, for sentences that could be orders by their grammar. The
bar (``assistant.orders.BAR``) is set by hand; printed is the one that ``ALARMS`` of the held-out
other sentences pass. The shipped rule had as texts the everyday papers that teach the reader
(``assistant/tuning/papers.jsonl``), and the docstrings and licences of Python and of installed
packages. Of 484 papers that it has not seen a sentence of 10 is flagged; without papers, of 27.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.config import load_settings
from assistant.orders import WEIGHTS, may_order
from assistant.safety import readable, sentences
from retrieval.embed.registry import e5_small
from retrieval.weights import ModelStore

PHRASES = Path(__file__).with_name("orders.json")
ORDERS_EACH = 1500
OTHERS = 6000
ALARMS = 0.002
"""Share of sentences that are no orders, though by their grammar they could be, flagged at most."""


def orders(language: str, rng: random.Random) -> list[str]:
    """Return distinct orders in one language."""
    phrases = json.loads(PHRASES.read_text(encoding="utf-8"))
    own = phrases[language]
    made: set[str] = set()
    while len(made) < ORDERS_EACH:
        act = rng.choice(own["acts"]).replace("{out}", rng.choice(own["out"]))
        for slot, words in (
            ("x", phrases["x"][language]),
            ("d", phrases["d"]),
            ("n", phrases["n"]),
        ):
            act = act.replace(f"{{{slot}}}", rng.choice(words))
        sentence = rng.choice(own["who"]) + act
        end = rng.choice(("。", "", "！")) if language == "zh" else rng.choice((".", "", "!"))
        made.add(sentence[0].upper() + sentence[1:] + end)
    return sorted(made)


def others(files: list[Path], rng: random.Random) -> list[str]:
    """Return sentences that are no orders to an assistant."""
    phrases = json.loads(PHRASES.read_text(encoding="utf-8"))
    given = {
        line.replace("{t}", day)
        for language in ("en", "zh")
        for line in phrases["harmless"][language]
        for day in phrases["t"]
    }
    found: set[str] = set()
    for file in files:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        found |= {s.strip() for row in rows for s in sentences(row["text"]) if len(s) > 12}
    cued = sorted(s for s in found - given if may_order(readable(s)))
    return sorted(given) + rng.sample(cued, min(OTHERS, len(cued)))


def fit(vectors: NDArray[np.float32], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights [d + 1] of a ridge logistic regression, by Newton's method."""
    inputs = np.hstack([vectors, np.ones((len(vectors), 1))]).astype(np.float64)
    weights = np.zeros(inputs.shape[1])
    balance = np.where(wanted > 0, 0.5 / wanted.mean(), 0.5 / (1 - wanted.mean()))
    for _ in range(25):
        chance = 1 / (1 + np.exp(-inputs @ weights))
        slope = inputs.T @ (balance * (chance - wanted)) + 0.05 * weights
        curve = (inputs * (balance * chance * (1 - chance))[:, None]).T @ inputs
        weights -= np.linalg.solve(curve + 0.05 * np.eye(len(weights)), slope)
    return weights


def main() -> None:
    """Embed, fit, measure on a held-out third, and write the weights."""
    rng = random.Random(5)
    texts = [*orders("en", rng), *orders("zh", rng)]
    count = len(texts)
    texts += others([Path(name) for name in sys.argv[1:]], rng)
    embedder = e5_small(ModelStore(load_settings().models_folder), 1)
    vectors = embedder.embed_queries([readable(text) for text in texts])
    wanted = np.array([1.0] * count + [0.0] * (len(texts) - count))
    held = np.array([rng.random() < 1 / 3 for _ in texts])
    weights = fit(vectors[~held], wanted[~held])
    scores = vectors @ weights[:-1] + weights[-1]
    bar = float(np.quantile(scores[held & (wanted == 0)], 1 - ALARMS))
    caught = (scores[held & (wanted == 1)] > bar).mean()
    print(f"{count} orders, {len(texts) - count} others; held out: {bar=:.2f} {caught=:.3f}")
    whole = fit(vectors, wanted)
    rule = {"embedder": embedder.id, "weights": [round(float(w), 5) for w in whole]}
    WEIGHTS.write_text(json.dumps(rule) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
