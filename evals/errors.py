"""The evaluations' branch of the one exception tree (its root is retrieval.errors).

SightlineError
└── EvalError
    ├── EvalUsage              what was asked for does not exist: exit code 2
    │   ├── SuiteUnknown, SystemUnknown, EvalDataInvalid, EvalRunNotFound
    ├── EvalBusy               the same work is under way in another process
    ├── BaselineMismatch       a baseline of other data or settings
    ├── BaselineWorse          a new baseline would lower a figure beyond its tolerance
    ├── CaseTimeout            one case took too long; it is scored as a failure
    └── NotOffered             the system under test cannot do this at all; it is not measured
"""

from __future__ import annotations

from retrieval.errors import SightlineError


class EvalError(SightlineError):
    """An evaluation could not be done."""

    code = "eval"
    template = "{detail}"


class EvalUsage(EvalError):
    """What was asked for does not exist or cannot be read."""

    code = "eval_usage"
    template = "{detail}"


class SuiteUnknown(EvalUsage):
    """No suite of that name."""

    code = "suite_unknown"
    template = "There is no suite {suite}. Choose one of: {known}."


class SystemUnknown(EvalUsage):
    """No system of that name."""

    code = "system_unknown"
    template = "There is no system {system}. Choose one of: {known}."


class EvalDataInvalid(EvalUsage):
    """A folder without usable rows of a suite."""

    code = "eval_data_invalid"
    template = (
        "{folder} cannot be used for the suite {suite}: {detail}. See docs/data.md for its layout."
    )


class EvalRunNotFound(EvalUsage):
    """No stored run of that name, or its file cannot be read."""

    code = "eval_run_not_found"
    template = "There is no stored run {run}. See `sightline eval list`."


class EvalBusy(EvalError):
    """The same work is under way in another process."""

    code = "eval_busy"
    template = (
        "A run of {suite} on this data, with these models and settings, is under way in another "
        "process ({path} is locked). Wait for it, or give another --home."
    )


class BaselineMismatch(EvalError):
    """A baseline that was measured on other data, or in another way."""

    code = "baseline_mismatch"
    template = (
        "The baseline {path} cannot judge this run: its {what} is {wanted}, the run's is {found}. "
        "Compare runs of the same data, or write a new baseline."
    )


class CaseTimeout(EvalError):
    """One case took longer than allowed."""

    code = "case_timeout"
    template = "No answer within {seconds:g} seconds."


class BaselineWorse(EvalError):
    """A run that would lower a committed figure."""

    code = "baseline_worse"
    template = (
        "{suite} is worse than its baseline in {metrics}. Mend it, or accept it with --accept."
    )


class NotOffered(EvalError):
    """The system under test cannot do this at all."""

    code = "not_offered"
    template = "{system} does not {what}"
