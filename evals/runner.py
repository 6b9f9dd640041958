"""Runs a suite: draws cases, does their parts, keeps every outcome, and sums up.

A part that raises or takes too long is scored as its worst and shown; it never ends the run.
Knows no model and no metric.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

from evals.context import Context
from evals.errors import EvalDataInvalid, NotOffered
from evals.metrics import combine
from evals.progress import Note, Progress
from evals.resampling import interval
from evals.store import Done, alone, code_digest, key_of, opened
from evals.suite import Suite
from evals.values import Case, Dataset, Options, Outcome, Part, Result, Score

log = logging.getLogger("sightline.evals")
Work = tuple[Case, Part]
_BROKEN_SHOWN = 50


def draw(cases: Sequence[Case], suite: Suite, options: Options) -> list[Case]:
    """Return the cases of this run, in the order of the file.

    With a limit a seeded sample, and of those a seeded subset whose answers are generated. A
    larger limit draws the smaller one's cases too, so that what is done is used again.
    """
    shuffled = list(range(len(cases)))
    random.Random(options.seed).shuffle(shuffled)
    if options.limit is not None:
        chosen = shuffled[: options.limit]
    elif suite.largest:
        chosen = sorted(shuffled)[: suite.largest]
    else:
        chosen = shuffled
    most = suite.generations if options.generations is None else options.generations
    inside = set(chosen)
    order = [place for place in shuffled if place in inside]
    generated = set(order[:most] if most else order)
    return [replace(cases[place], generate=place in generated) for place in sorted(chosen)]


def run_suite(
    suite: Suite, folder: Path, split: str | None, context: Context, note: Note
) -> Result:
    """Measure a suite on a folder, and keep the run.

    Args:
        note: told about broken rows, progress and failures, one line each.

    Raises:
        EvalDataInvalid: there is no usable row.
        EvalBusy: the same run is under way in another process.
    """
    dataset = suite.load(folder, split)
    if split and dataset.split != split:
        note(f"No file is named by the split {split}; measuring on {dataset.split}.")
    for broken in dataset.broken[:_BROKEN_SHOWN]:
        note(f"{broken.where}: {broken.reason}; the row is left out")
    if not dataset.cases:
        raise EvalDataInvalid(folder=str(folder), suite=suite.name, detail="no row can be used")
    cases = draw(dataset.cases, suite, context.options)
    absent = suite.unavailable(context)
    depends = _depends_on(suite, dataset, cases, context)
    key = key_of(depends)
    fresh = context.options.fresh or suite.own_library or suite.volatile
    with alone(context.folder / "locks", suite.name, key), opened(context.settings) as engine:
        done = Done(engine, key, fresh)
        outcomes, seconds, lacking = _do(suite, dataset, cases, context, done, note)
        absent = {**absent, **lacking}
        return done.save(
            _sum_up(suite, dataset, cases, outcomes, seconds, absent, depends, context)
        )


def _depends_on(
    suite: Suite, dataset: Dataset, cases: Sequence[Case], context: Context
) -> dict[str, Any]:
    """Return everything an outcome of this run depends on."""
    return {
        "suite": suite.name,
        "system": context.options.system,
        "split": dataset.split,
        "data": dataset.digest[:16],
        "pool": key_of({"cases": [c.id for c in cases]}) if suite.cases_are_pool else "",
        "models": context.model_ids(suite.roles),
        "prompts": context.prompt_version(),
        "settings": context.answer_settings(),
        "code": code_digest(),
        "timeout": context.options.timeout,
    }


def _do(
    suite: Suite,
    dataset: Dataset,
    cases: Sequence[Case],
    context: Context,
    done: Done,
    note: Note,
) -> tuple[list[Outcome], float, dict[str, str]]:
    """Do what is not done yet.

    Returns all outcomes, the seconds the work took, ever, and the metrics that the system under
    test cannot be measured by, with the reason.
    """
    work = [(case, part) for case in cases for part in suite.parts(case, dataset, context)]
    known = {(case.id, part.name): done.find(case.id, part.name) for case, part in work}
    kept = {place: outcome for place, outcome in known.items() if outcome is not None}
    if kept:
        note(f"{len(kept)} of {len(work)} steps are done already")
    prepared = _prepare(suite, dataset, cases, context, done, needed=len(kept) < len(work))
    lacking: dict[str, str] = {}
    progress = Progress(len(work) - len(kept), note)
    todo = [(case, part) for case, part in work if (case.id, part.name) not in kept]
    jobs = 1 if suite.volatile else context.options.jobs
    for (_, part), outcome in _attempts(todo, jobs):
        if isinstance(outcome, NotOffered):
            lacking.update(dict.fromkeys(part.worst, str(outcome)))
            continue
        done.add(outcome)
        kept[outcome.case, outcome.part] = outcome
        if outcome.error:
            note(f"{outcome.case} {outcome.part}: {outcome.error}; scored as a failure")
        progress.step()
    places = ((case.id, part.name) for case, part in work)
    outcomes = [kept[place] for place in places if place in kept]
    return outcomes, prepared + sum(outcome.seconds for outcome in outcomes), lacking


def _prepare(
    suite: Suite,
    dataset: Dataset,
    cases: Sequence[Case],
    context: Context,
    done: Done,
    needed: bool,
) -> float:
    """Let the suite prepare if there is work; return the longest it ever took, in seconds."""
    earlier = done.find("", "prepare")
    if needed:
        started = time.monotonic()
        suite.prepare(dataset, cases, context)
        took = time.monotonic() - started
        if earlier is None or took > earlier.seconds:
            earlier = Outcome("", "prepare", {}, seconds=took)
            done.add(earlier)
    return earlier.seconds if earlier else 0.0


def _attempts(todo: Sequence[Work], jobs: int) -> Iterator[tuple[Work, Outcome | NotOffered]]:
    """Do parts, ``jobs`` at once; gives each with its outcome as soon as that is there."""
    if jobs == 1:
        yield from ((one, _attempt(*one)) for one in todo)
        return
    pool = ThreadPoolExecutor(jobs, "eval")
    try:
        started = {pool.submit(_attempt, *one): one for one in todo}
        for future in as_completed(started):
            yield started[future], future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _attempt(case: Case, part: Part) -> Outcome | NotOffered:
    """Do one part; whatever goes wrong is a failed case, not a failed run.

    Returns ``NotOffered`` when the system under test cannot do this at all.
    """
    started = time.monotonic()
    try:
        scored = part.work()
    except NotOffered as error:
        return error
    except Exception as error:
        log.info("case %s failed", case.id, exc_info=error)
        reason = str(error) or type(error).__name__
        worst = {name: replace(score, reason=reason) for name, score in part.worst.items()}
        return Outcome(case.id, part.name, worst, {}, time.monotonic() - started, reason)
    return Outcome(case.id, part.name, scored.scores, scored.shown, time.monotonic() - started)


def _sum_up(
    suite: Suite,
    dataset: Dataset,
    cases: Sequence[Case],
    outcomes: list[Outcome],
    seconds: float,
    absent: Mapping[str, str],
    depends: Mapping[str, Any],
    context: Context,
) -> Result:
    by_metric: dict[str, list[Score]] = {metric.name: [] for metric in suite.metrics}
    for outcome in outcomes:
        for name, score in outcome.scores.items():
            by_metric[name].append(score)
    options = context.options
    config: dict[str, Any] = {
        **depends,
        "folder": str(dataset.folder),
        "small_set": context.small_set,
        "limit": options.limit,
        "seed": options.seed,
        "cases_in_split": len(dataset.cases),
        "generated": sum(case.generate for case in cases),
        "counts": {name: sum(s.weight > 0 for s in found) for name, found in by_metric.items()},
        "failed": sum(bool(outcome.error) for outcome in outcomes),
        "broken_rows": [b.to_json() for b in dataset.broken[:_BROKEN_SHOWN]],
        "broken": len(dataset.broken),
    }
    if absent:
        config["unavailable"] = dict(absent)
    if groups := _groups(suite, cases, outcomes):
        config["groups"] = groups
    return Result(
        suite=suite.name,
        split=dataset.split,
        n=len(cases),
        metrics={m.name: _rounded(combine(m, by_metric[m.name])) for m in suite.metrics},
        intervals={
            m.name: _rounded_pair(interval(m, by_metric[m.name], options.seed))
            for m in suite.metrics
        },
        seconds=seconds,
        config=config,
        outcomes=tuple(outcomes),
    )


def _groups(
    suite: Suite, cases: Sequence[Case], outcomes: Sequence[Outcome]
) -> dict[str, dict[str, float]]:
    """Return the figures of each group of cases that the suite tells apart (``language=zh``)."""
    members: dict[str, set[str]] = {}
    for case in cases:
        for kind, value in suite.groups(case).items():
            members.setdefault(f"{kind}={value}", set()).add(case.id)
    found: dict[str, dict[str, float]] = {}
    for group, ids in sorted(members.items()):
        inside = [outcome for outcome in outcomes if outcome.case in ids]
        figures = {"n": float(len(ids))}
        for metric in suite.metrics:
            scores = [o.scores[metric.name] for o in inside if metric.name in o.scores]
            if (figure := combine(metric, scores)) is not None:
                figures[metric.name] = round(figure, 4)
        found[group] = figures
    return found


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _rounded_pair(pair: tuple[float, float] | None) -> tuple[float, float] | None:
    return None if pair is None else (round(pair[0], 4), round(pair[1], 4))
