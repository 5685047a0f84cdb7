"""What is neither code nor a tool. ``data_file`` finds it from a checkout, a wheel and a frozen package alike."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
"""A folder on the disk in all three; ``importlib.resources``, which could read from a zip too, costs a start 4 ms."""


def data_file(*parts: str) -> Path:
    """A file below ``resources/``, e.g. ``data_file("data", "workdays.yaml").read_text("utf-8")``."""
    return FOLDER.joinpath(*parts)


def read_text(*parts: str) -> str:
    """The UTF-8 text of a file below ``resources/``. Raises FileNotFoundError."""
    return data_file(*parts).read_text("utf-8")
