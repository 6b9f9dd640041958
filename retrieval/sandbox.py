"""Files are parsed in another process, which may hang, crash or be killed without harm to this one.

The child (``python -m retrieval.sandbox``) is started when first needed, serves one file after
another, and leaves by itself when idle or when its parent is gone. Values come back over a pipe
as pickles, each with its length before it; the child is our own, so they are trusted, while what
it reads is not. Knows nothing of formats or of what becomes of the values.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

from retrieval.errors import Cancelled, FileDamaged, FileTimeout, SightlineError
from retrieval.marks import PageMarks
from retrieval.parse.base import Limits
from retrieval.values import Parsed

_LENGTH = struct.Struct(">I")
_Request = tuple[Path, str, tuple[int, ...] | None]
"""A file, its name, and the pages that are to be looked at; None: it is to be parsed."""
_POLL = 0.2
_PIPE_BYTES = 1 << 20  # lets the child read on while the parent embeds


@dataclass(frozen=True)
class _Setup:
    """What the child is told once."""

    models_dir: Path
    limits: Limits
    threads: int
    whisper: Path | None
    memory: int
    idle_seconds: float


class ParserProcess:
    """One child that parses; safe to use from several threads, one file at a time.

    Args:
        models_dir: folder of the model files.
        limits: the most one file may hold.
        threads: CPU threads for recognisers.
        timeout: seconds a file may go without a sign of progress.
        whisper: folder of another speech model.
        memory: address space the child may take, in bytes.
        idle_seconds: after so long without a request the child leaves and its memory with it.
    """

    def __init__(
        self,
        models_dir: Path,
        limits: Limits | None = None,
        threads: int = 1,
        timeout: float = 600.0,
        whisper: Path | None = None,
        memory: int = 6 << 30,
        idle_seconds: float = 120.0,
    ) -> None:
        limits = limits or Limits()
        self._setup = _Setup(models_dir, limits, threads, whisper, memory, idle_seconds)
        self._timeout = timeout
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the child; None while there is none."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    def parse(
        self, path: Path, name: str, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Parsed]:
        """Yield what is in a file, as ``retrieval.parse.parse`` does.

        ``cancelled`` is asked five times a second; when it says so the child is killed.

        Raises:
            FileRejected: as the parser says; ``Cancelled``; ``FileTimeout`` after ``timeout``
                seconds without a value; ``FileDamaged`` when the child dies over the file.
        """
        yield from self._serve_one((path.absolute(), name, None), cancelled)

    def look(
        self,
        path: Path,
        name: str,
        pages: Sequence[int],
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[PageMarks]:
        """Yield what pages of a PDF look like, by their numbers, as ``marked_pages`` does.

        Raises:
            FileRejected: as for ``parse``.
        """
        yield from self._serve_one((path.absolute(), name, tuple(pages)), cancelled)

    def _serve_one(self, request: _Request, cancelled: Callable[[], bool]) -> Iterator[Any]:
        """Yield what the child answers to a request; it is killed if that is not heard out."""
        with self._lock:
            finished = False
            try:
                child = self._ask(request)
                for value in self._answers(child, request[1], cancelled):
                    if isinstance(value, SightlineError):
                        finished = True
                        raise value
                    yield value
                finished = True
            finally:
                if not finished:  # killed, crashed, or the caller has seen enough
                    self._kill()

    def close(self) -> None:
        """End the child, if there is one."""
        self._kill()

    def _ask(self, request: _Request) -> subprocess.Popen[bytes]:
        child = self._child
        if child is not None and child.poll() is None:
            try:
                _send(_pipe(child.stdin), request)
                return child
            except BrokenPipeError:  # it left at this very moment
                pass
        self._kill()
        child = self._child = _spawn(self._setup)
        _send(_pipe(child.stdin), request)
        return child

    def _answers(
        self, child: subprocess.Popen[bytes], name: str, cancelled: Callable[[], bool]
    ) -> Iterator[Any]:
        """Yield values until the child says that the file is done."""
        stream = _pipe(child.stdout)
        buffer = bytearray()
        quiet_since = time.monotonic()
        while True:
            if cancelled():
                raise Cancelled(name=name)
            ready, _, _ = select.select([stream], [], [], _POLL)
            if not ready:
                if time.monotonic() - quiet_since > self._timeout:
                    raise FileTimeout(name=name, seconds=self._timeout)
                continue
            received = os.read(stream.fileno(), _PIPE_BYTES)
            if not received:
                _died(child, name)
            buffer += received
            while (message := _take(buffer)) is not None:
                value = pickle.loads(message)
                if value is None:
                    return
                yield value
                if cancelled():
                    raise Cancelled(name=name)
            quiet_since = time.monotonic()

    def _kill(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:  # a request it never read
                    continue


def _died(child: subprocess.Popen[bytes], name: str) -> NoReturn:
    """Say that the child is gone; reading this file is what it died of."""
    code = child.wait()
    cause = f"signal {-code}" if code < 0 else f"code {code}"
    raise FileDamaged(name=name, detail=f"the reader stopped while reading it ({cause})")


def _spawn(setup: _Setup) -> subprocess.Popen[bytes]:
    # -P keeps the current folder off the path: a user's email.py must not stand in for Python's.
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "retrieval.sandbox"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the parent, which then ends the child
    )
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        fcntl.fcntl(_pipe(child.stdout).fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    _send(_pipe(child.stdin), setup)
    return child


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _send(stream: IO[bytes], value: Any) -> None:
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def _take(buffer: bytearray) -> bytes | None:
    """Remove one whole message from the buffer and return it; None while it is not whole."""
    if len(buffer) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack_from(buffer)
    end = _LENGTH.size + length
    if len(buffer) < end:
        return None
    message = bytes(buffer[_LENGTH.size : end])
    del buffer[:end]
    return message


def _receive(stream: IO[bytes]) -> Any:
    """Read one message; None at the end of the stream."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    return pickle.loads(stream.read(_LENGTH.unpack(head)[0]))


def _serve() -> None:
    """Be the child: parse files until there are no more, the parent is gone, or it is quiet."""
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get among the answers
    setup: _Setup | None = _receive(requests)
    if setup is None:
        return
    _confine(setup)
    from retrieval.parse import ParseTools, look, parse

    tools = ParseTools(setup.models_dir, setup.threads, setup.whisper)
    while select.select([requests], [], [], setup.idle_seconds)[0]:
        request: _Request | None = _receive(requests)
        if request is None:
            return
        path, name, pages = request
        limits = setup.limits
        asked = parse(path, name, limits, tools) if pages is None else look(path, name, pages)
        try:
            for value in asked:
                _send(answers, value)
        except SightlineError as error:
            _send(answers, error)
        else:
            _send(answers, None)


def _confine(setup: _Setup) -> None:
    """Bound the child's memory, keep libraries off the network, and be the one to be ended
    when memory runs out."""
    import resource

    os.environ["OMP_NUM_THREADS"] = str(setup.threads)
    os.environ["HF_HUB_OFFLINE"] = "1"
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    memory = setup.memory if hard == resource.RLIM_INFINITY else min(setup.memory, hard)
    resource.setrlimit(resource.RLIMIT_AS, (memory, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    badness = Path("/proc/self/oom_score_adj")
    if badness.exists():
        badness.write_text("500")


if __name__ == "__main__":
    try:
        _serve()
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)  # the parent is gone, or done with us; there is nobody left to tell
