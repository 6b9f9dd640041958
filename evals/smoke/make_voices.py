"""Make the spoken captions: Flite's four voices (Debian package ``flite``), encoded as M4A.

The results are committed in ``evals/smoke/voices``, so nobody needs Flite to run the suites.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path

import av

HERE = Path(__file__).resolve().parent
SPEAKERS = ("slt", "rms", "awb", "kal16")
BIT_RATE = 24_000


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
    """Speak the first caption of every photo, the voices in turn."""
    (HERE / "voices").mkdir(exist_ok=True)
    rows = json.loads((HERE / "photos.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "caption.wav"
        for place, row in enumerate(rows):
            voice = SPEAKERS[place % len(SPEAKERS)]
            text = row["captions"][0]
            subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(wav)], check=True)
            encode(wav, HERE / "voices" / f"{Path(row['file']).stem}.m4a")


if __name__ == "__main__":
    main()
