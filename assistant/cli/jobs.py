"""Commands on the queue: list, pause, resume, cancel, retry, run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.cli.options import AsJson, Home, User, emit, open_assistant, say

if TYPE_CHECKING:
    from pathlib import Path

    from assistant.views import JobAction, JobView

app = typer.Typer(help="The queue of files being taken in.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="Number of the job.", show_default=False)]
_ENDED = ("indexed", "duplicate", "cancelled")


@app.command("list")
def list_(user: User = None, home: Home = None, as_json: AsJson = False) -> None:
    """Show the latest jobs, how far they are and how long they will take."""
    with open_assistant(home, user) as assistant:
        found = assistant.jobs()
    if as_json:
        emit({"jobs": [_document(job) for job in found]})
        return
    for job in found:
        _show(job)
    if not found:
        say("There are no jobs.")


@app.command()
def pause(job: Number, user: User = None, home: Home = None, as_json: AsJson = False) -> None:
    """Stop a job for now; a file under work starts again later."""
    _steer(job, "pause", user, home, as_json)


@app.command()
def resume(job: Number, user: User = None, home: Home = None, as_json: AsJson = False) -> None:
    """Put a paused job back into the queue; the server or `jobs run` works it off."""
    _steer(job, "resume", user, home, as_json)


@app.command()
def cancel(job: Number, user: User = None, home: Home = None, as_json: AsJson = False) -> None:
    """Stop a job; what is in the library already stays."""
    _steer(job, "cancel", user, home, as_json)


@app.command()
def retry(job: Number, user: User = None, home: Home = None, as_json: AsJson = False) -> None:
    """Queue the failed and cancelled files of a job again."""
    _steer(job, "retry", user, home, as_json)


@app.command()
def run(user: User = None, home: Home = None, as_json: AsJson = False) -> None:
    """Work off the queue here, without a server; Ctrl-C gives the rest back."""
    with open_assistant(home, user) as assistant:
        done = assistant.work_off()
        found = assistant.jobs()[:done]
    if as_json:
        emit({"done": done, "jobs": [_document(job) for job in found]})
        return
    for job in found:
        _show(job)
    if not done:
        say("Nothing waits in the queue.")


def _steer(job: int, action: JobAction, user: str | None, home: Path | None, as_json: bool) -> None:
    with open_assistant(home, user) as assistant:
        after = assistant.steer_job(job, action, wake=False)
    if as_json:
        emit(_document(after))
    else:
        _show(after)


def _show(job: JobView) -> None:
    ended = sum(file.status in (*_ENDED, "failed") for file in job.files)
    left = f", about {job.eta:.0f} s left" if job.eta is not None else ""
    say(f"{job.id:>4}  {job.status:<9} {job.progress:>4.0%}  {ended}/{len(job.files)} files{left}")
    for file in job.files:
        if file.status not in (*_ENDED, "queued"):
            say(f"      {file.status:<9} {file.progress:>4.0%}  {file.name}  {file.reason}")


def _document(job: JobView) -> dict[str, Any]:
    return {
        "id": job.id,
        "status": job.status,
        "progress": round(job.progress, 4),
        "eta": None if job.eta is None else round(job.eta, 1),
        "files": [
            {
                "name": file.name,
                "status": file.status,
                "progress": round(file.progress, 4),
                "id": file.asset_id,
                "reason": file.reason,
            }
            for file in job.files
        ],
    }
