"""Make the demo's voice note: Flite's `slt` voice (Debian package `flite`), encoded as M4A.

The result is committed as ``assistant/demo/files/voice-note.m4a``, so nobody needs Flite to run
the demo. Run it again only to change what the note says.
"""

from __future__ import annotations

import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path

import av

TARGET = Path(__file__).resolve().parent.parent / "assistant/demo/files/voice-note.m4a"
TEXT = (
    "Hello. This is a reminder for Tuesday, the ninth of June. "
    "Please call Maria Jensen about the leaking roof of the boathouse, "
    "and ask her to send the quote before Friday. "
    "The budget is nine hundred euros."
)
BIT_RATE = 48_000


def encode(wav: Path, target: Path) -> None:
    """Write ``wav`` (mono) as AAC in an MP4 container."""
    with av.open(str(wav)) as source, av.open(str(target), "w", format="ipod") as out:
        audio = source.streams.audio[0]
        stream = out.add_stream("aac", rate=audio.rate)
        stream.bit_rate = BIT_RATE
        stream.layout = "mono"
        stream.time_base = Fraction(1, audio.rate)
        for frame in source.decode(audio):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def main() -> None:
    """Speak the text and write the file."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "note.wav"
        subprocess.run(["flite", "-voice", "slt", "-t", TEXT, "-o", str(wav)], check=True)
        encode(wav, TARGET)
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
