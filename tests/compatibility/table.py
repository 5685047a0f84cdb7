"""The outcome of the matrix as docs/compatibility.md."""

from __future__ import annotations

from collections.abc import Mapping

from tests.compatibility.program import Version
from tests.compatibility.story import STEPS, Cell

HEAD = """# Compatibility: client × gateway × pack

Written by `python3 tasks.py compatibility`, which runs each pair below through the whole program on both sides: the older code
is taken out of the history and run with today's libraries. The test suite plays the same pairs (`tests/compatibility`). Beside
the client of a line works a PC of the newer or the gateway's own version; both enrol in one ward.

- **push**: what either PC writes is at the city, unchanged · **pull**: each sees the other's records, and a register it has no
  form for does not stop it · **conflict**: two values wait for a person, his choice is everywhere · **number**: the PC that
  holds the book numbers both PCs' papers in a row · **pack**: the city gives out this version's forms; the client takes them,
  or goes on with its own.
"""
TAIL = """
A city is brought to a new version before its PCs: new clients ask it for what older ones do not know, and fall back where it
refuses. A client or a city that cannot read newer forms says so and goes on with those it came with; what newer forms add stays in the records and is shown
once that PC is updated.
"""


def table(shown: Mapping[Cell, Mapping[str, str]]) -> str:
    """A line for each cell."""
    names = ("client", "gateway", *STEPS)
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    for cell, steps in shown.items():
        words = (cell.client.name, cell.gateway.name, *(steps[step] for step in STEPS))
        lines.append(f"| {' | '.join(words)} |")
    return "\n".join(lines)


def document(shown: Mapping[Cell, Mapping[str, str]], versions: tuple[Version, ...]) -> str:
    known = "\n".join(
        f"- **{version.name}** (`{version.commit}`): {version.about}."
        + (f" Its gateway is not run: {version.gateway}." if version.gateway else "")
        + (f" It cannot read this version's forms: {version.forms}." if version.forms else "")
        for version in versions
    )
    return f"{HEAD}\n{table(shown)}\n\nVersions:\n\n{known}\n{TAIL}"
