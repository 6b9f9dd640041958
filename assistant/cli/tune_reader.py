"""The command that trains the reader's adapter; registered below ``tune``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assistant.cli.options import AsJson, Home, emit, note, say, settings_for


def reader(
    data: Annotated[Path, typer.Argument(help="Folder of paragraphs and questions, like XQuAD.")],
    steps: Annotated[int, typer.Option(min=1, help="Steps of training.")] = 590,
    questions: Annotated[
        int, typer.Option(min=10, help="Held-out questions to measure and fit confidence on.")
    ] = 60,
    start: Annotated[
        Path | None, typer.Option(help="Folder of an earlier run; begin with what it learned.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Train the copying of answers, fit its confidence, and put both into use (resumable)."""
    from assistant.build import build_assistant
    from assistant.config import Settings
    from assistant.models.llama_cpp import LlamaChat
    from assistant.tuning.reader_data import read_questions
    from assistant.tuning.reader_measure import write_texts
    from assistant.tuning.reader_papers import read_papers, split_papers
    from assistant.tuning.reader_run import (
        fit_reader,
        install_reader,
        train_reader,
        write_reader_card,
    )
    from assistant.tuning.reader_train import ReaderSettings
    from retrieval.values import SearchResult
    from retrieval.weights import ModelStore

    settings = settings_for(home)
    store = ModelStore(settings.models_folder)
    run = settings.home / "runs" / "reader"
    run.mkdir(parents=True, exist_ok=True)
    chosen = ReaderSettings(steps=steps)
    adapter = train_reader(data, run, store, chosen, note, start)
    model = LlamaChat(
        model_id="reader",
        locate=lambda: store.path("qwen2.5-coder-0.5b"),
        context_tokens=1024,
        threads=settings.threads,
        reader=adapter,
        int8=True,
    )
    kept = {name: getattr(settings, name) for name in ("threads", "models_dir")}
    assistant = build_assistant(Settings(home=run / "library", **kept))
    try:
        _, papers = split_papers(read_papers())
        for library, paths in write_texts(read_questions(data), papers, run / "texts").items():
            assistant.ingest(paths, library=library)

        def search(text: str, library: str) -> SearchResult:
            return assistant.search(text, library=library, k=10)

        figures = fit_reader(data, run, model, search, questions, note)
    finally:
        assistant.close()
        model.unload()
    write_reader_card(run, chosen, figures)
    folder = install_reader(run, settings.models_folder)
    emit({"folder": str(folder), **figures}) if as_json else say(f"In use: {folder}; {figures}")
