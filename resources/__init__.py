"""What is neither code nor a tool. ``data_file`` finds it from a checkout, a wheel and a frozen package alike."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable


def data_file(*parts: str) -> Traversable:
    """A file below ``resources/``, e.g. ``data_file("data", "workdays.yaml").read_text("utf-8")``."""
    return files(__name__).joinpath(*parts)


def read_text(*parts: str) -> str:
    """The UTF-8 text of a file below ``resources/``. Raises FileNotFoundError."""
    return data_file(*parts).read_text("utf-8")
