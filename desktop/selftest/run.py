"""The steps one after the other; what went wrong in one does not keep the next from being tried."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from desktop.commands.errors import one_line
from desktop.selftest.bench import Bench, Done, Outcome, Skipped, Trouble, words
from forms.label import Label

Step = Callable[[Bench], Done]
STEPS: tuple[str, ...] = ("program", "store", "search", "form", "paper", "code", "city", "updates")
"""In their order; later ones use what earlier ones made."""


def outcomes(bench: Bench) -> Iterator[Outcome]:
    """Each step as it ends."""
    for name in STEPS:
        began = time.perf_counter()
        outcome = _tried(name, bench)
        outcome.seconds = round(time.perf_counter() - began, 3)
        yield outcome


def new_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="sophuong-selftest-"))


def keep_made(folder: Path, into: Path) -> None:
    """The pictures and papers; the throwaway stores go."""
    into.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.suffix in (".png", ".pdf"):
            shutil.copy2(path, into / path.name)


def _tried(name: str, bench: Bench) -> Outcome:
    try:
        done = _step(name)(bench)
    except Skipped as skipped:
        return Outcome(name=name, status="skipped", said=skipped.said)
    except Trouble as trouble:
        return Outcome(name=name, status="failed", said=trouble.said, todo=trouble.todo, figures=trouble.figures)
    except Exception as error:  # whatever breaks on a foreign PC is what this is to find
        said = Label(one_line(error, "vi")[0], one_line(error, "en")[0])
        figures = {"error": type(error).__name__}
        return Outcome(name=name, status="failed", said=said, todo=words("unforeseen_todo"), figures=figures)
    return Outcome(name=name, status="ok", said=done.said, figures=dict(done.figures))


def _step(name: str) -> Step:
    """Imported when its turn comes, so that what cannot be imported fails one step and not all."""
    if name == "program":
        from desktop.selftest.program import program

        return program
    if name in ("store", "search"):
        from desktop.selftest import store_steps

        return store_steps.store_and_key if name == "store" else store_steps.search
    if name in ("form", "paper", "code"):
        from desktop.selftest import screen_steps

        return {"form": screen_steps.form, "paper": screen_steps.paper, "code": screen_steps.code}[name]
    from desktop.selftest import line_steps

    return line_steps.city if name == "city" else line_steps.updates
