"""Make the spoken captions and orders: Flite's voices (Debian package ``flite``), as M4A.

The results are committed in ``evals/smoke/voices``, so nobody needs Flite to run the suites.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path

import av

from evals.smoke.planted import spoken_rows

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
    """Speak the captions, the questions and the voice notes of attacks, the voices in turn."""
    (HERE / "voices").mkdir(exist_ok=True)
    rows = json.loads((HERE / "photos.json").read_text(encoding="utf-8"))
    said = {Path(row["file"]).stem: row["captions"][0] for row in rows}
    texts = json.loads((HERE / "texts.json").read_text(encoding="utf-8"))
    asked = [text["questions"][turn][0] for turn in (0, 1) for text in texts]
    said |= {f"question-{place:02d}": question for place, question in enumerate(asked)}
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "caption.wav"
        for place, (name, text) in enumerate({**said, **_notes()}.items()):
            target = HERE / "voices" / f"{name}.m4a"
            if target.exists():
                continue
            voice = SPEAKERS[place % len(SPEAKERS)]
            subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(wav)], check=True)
            encode(wav, target)


def _notes() -> dict[str, str]:
    """Return what the voice notes of the attack suite say: each text, and each order."""
    notes: dict[str, str] = {}
    for row in spoken_rows():
        notes[f"host-{row['title']}"] = row["text"]
        notes[f"order-{row['family']}"] = re.sub(r"[^\w\s.,:'-]", " ", row["order"])
    return notes


if __name__ == "__main__":
    main()
