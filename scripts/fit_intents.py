"""Fit the rule that tells what a question wants by its meaning (``assistant.intents``).

Questions are made from the templates of ``intents.json``: each is filled a few times, some with a
typing error, a courtesy or an end mark, and counts as one whatever its fillings. A ridge
multinomial logistic rule over E5 vectors. Measured with whole templates held out, so that no
wording is known, at the bars of ``assistant.meant``; the figures are written beside the weights.
"""

from __future__ import annotations

import base64
import json
import random
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from assistant.config import load_settings
from assistant.intents import WEIGHTS, seen
from assistant.planner import plan
from retrieval.embed.registry import e5_small
from retrieval.weights import ModelStore

PHRASES = Path(__file__).with_name("intents.json")
FILLINGS = 4
TYPO, COURTESY, END = 0.15, 0.1, 0.4
"""Shares of the questions that get one."""
STRENGTH = 20.0
"""Inverse of the ridge."""
FOLDS, REPEATS = 8, 3
_COURTESY = {"en": ("please ", "can you ", "hey, ", "could you "), "zh": ("请", "帮我", "麻烦")}
_CHOICE = re.compile(r"\(([^()|]*(?:\|[^()|]*)+)\)")
_ASKS = re.compile(r"(?:what|who|how|which|when|where|why|is|are|was|does|do|did|can|has)\b")

Matrix = NDArray[np.float64]


class Made(NamedTuple):
    """Questions, what each wants, and the number of its template."""

    questions: list[str]
    intents: list[str]
    templates: list[int]


def make(rng: random.Random) -> Made:
    """Return the questions of all templates."""
    bank = json.loads(PHRASES.read_text(encoding="utf-8"))
    made = Made([], [], [])
    number = 0
    for language in ("en", "zh"):
        slots = {**bank["slots"], **bank["slots"][language]}
        for intent, templates in bank[language].items():
            for template in templates:
                number += 1
                count = FILLINGS if re.search(r"[{|]", template) else FILLINGS // 2
                filled = {_roughened(_fill(template, slots, rng), language, rng)
                          for _ in range(count)} | {_fill(template, slots, rng)}  # fmt: skip
                for question in sorted(filled):
                    made.questions.append(question)
                    made.intents.append(intent)
                    made.templates.append(number)
    return made


def _fill(template: str, slots: dict[str, list[str]], rng: random.Random) -> str:
    chosen = _CHOICE.sub(lambda m: rng.choice(m[1].split("|")), template)
    return re.sub(r"\{(\w+)\}", lambda m: rng.choice(slots[m[1]]), chosen)


def _roughened(question: str, language: str, rng: random.Random) -> str:
    """Return a question as people type it: with a slip, a courtesy, an end mark or none."""
    words = list(re.finditer(r"\b[a-z]{4,}\b", question))
    if language == "en" and words and rng.random() < TYPO:
        found = rng.choice(words)
        at = found.start() + rng.randrange(1, len(found.group()) - 1)
        left_out = rng.random() < 0.5
        swapped = question[at + 1] + question[at] + question[at + 2 :]
        question = question[:at] + (question[at + 1 :] if left_out else swapped)
    if rng.random() < COURTESY:
        question = rng.choice(_COURTESY[language]) + question
    if language == "en" and rng.random() < 0.3:
        question = question[0].upper() + question[1:]
    if rng.random() < END:
        question += "？" if language == "zh" else "?" if _ASKS.match(question.lower()) else "."
    return question


class Fitted(NamedTuple):
    """Weights [intents, inputs] as they are stored, and the bias of each intent."""

    intents: list[str]
    weights: Matrix
    bias: Matrix

    def chances(self, inputs: Matrix) -> Matrix:
        """Return the chances [n, intents]."""
        scores = inputs @ self.weights.T + self.bias
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(chances / chances.sum(axis=1, keepdims=True))


def fit(inputs: Matrix, intents: NDArray[np.str_], shares: Matrix) -> Fitted:
    """Return the fitted rule; inputs are scaled for the ridge and the weights scaled back."""
    middle, spread = inputs.mean(axis=0), inputs.std(axis=0)
    spread[:-4] *= np.sqrt(inputs.shape[1])
    spread[-4:] = 1.0  # the facts are 0 or 1
    rule = LogisticRegression(C=STRENGTH, max_iter=500)
    rule.fit((inputs - middle) / spread, intents, sample_weight=shares)
    weights = (rule.coef_ / spread).astype("<f2").astype(np.float64)
    return Fitted(list(rule.classes_), weights, rule.intercept_ - weights @ middle)


def measure(made: Made, inputs: Matrix) -> dict[str, float]:
    """Return how often the planner tells what is wanted, by templates that it was not fitted on.

    By intent; ``find`` are the questions of fact that stay so, ``others`` all that is none,
    ``mistaken`` those of them taken for something else again, ``…_by_rules`` without the judge.
    """
    intents = np.array(made.intents, dtype=object)
    shares = 1 / np.bincount(made.templates)[made.templates]
    told = np.array([_told_held_out(made, inputs, shares, seed) for seed in range(1, REPEATS + 1)])
    ruled = np.array([[plan(question).intent for question in made.questions]], dtype=object)
    others = intents != "find"

    def share(of: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
        each = (of[:, among] * shares[among]).sum(axis=1) / shares[among].sum()
        return round(float(each.mean()), 3)

    figures = {i: share(told == intents, intents == i) for i in sorted(set(made.intents))}
    return figures | {
        "others": share(told == intents, others),
        "mistaken": share((told != intents) & (told != "find"), others),
        "find_by_rules": share(ruled == intents, ~others),
        "others_by_rules": share(ruled == intents, others),
    }


def _told_held_out(made: Made, inputs: Matrix, shares: Matrix, seed: int) -> list[str]:
    """Return what each question is taken for by a rule fitted without its template."""
    intents, told = np.array(made.intents), [""] * len(made.intents)
    folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    for known, held in folds.split(inputs, intents, made.templates):
        rule = fit(inputs[known], intents[known], shares[known])
        for place, row in zip(held, rule.chances(inputs[held]), strict=True):
            chances = dict(zip(rule.intents, row, strict=True))
            told[place] = plan(made.questions[place], judge=lambda _, told=chances: told).intent
    return told


def main() -> None:
    """Embed, measure with templates held out, fit on all, and write the weights."""
    made = make(random.Random(5))
    embedder = e5_small(ModelStore(load_settings().models_folder), 1)
    put = [seen(question) for question in made.questions]
    vectors = embedder.embed_queries([words for words, _ in put])
    inputs = np.hstack([vectors, np.array([facts for _, facts in put])]).astype(np.float64)
    intents, templates = np.array(made.intents), np.array(made.templates)
    shares = 1 / np.bincount(templates)[templates]
    held_out = measure(made, inputs)
    print(f"{len(intents)} questions of {templates.max()} templates, held out: {held_out}")
    rule = fit(inputs, intents, shares)
    written = {
        "embedder": embedder.id,
        "fitted_on": f"{len(intents)} questions made from {templates.max()} templates",
        "told_of_held_out_templates": held_out,
        "intents": rule.intents,
        "bias": [round(float(b), 4) for b in rule.bias],
        "weights": base64.b64encode(rule.weights.astype("<f2").tobytes()).decode(),
    }
    WEIGHTS.write_text(json.dumps(written) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
