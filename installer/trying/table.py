"""Figures beside their bounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """``bound`` None: told, and judged by nobody."""

    name: str
    value: float
    unit: str
    bound: float | None = None

    @property
    def ok(self) -> bool:
        return self.bound is None or self.value <= self.bound


def table(figures: Iterable[Figure]) -> str:
    rows = [("figure", "value", "bound", "")]
    for each in figures:
        bound = "" if each.bound is None else f"≤ {_number(each.bound)}"
        rows.append(
            (
                each.name,
                f"{_number(each.value)} {each.unit}",
                bound,
                "" if each.bound is None else "ok" if each.ok else "TOO MUCH",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = []
    for name, value, bound, word in rows:
        lines.append(f"{name:<{widths[0]}}  {value:>{widths[1]}}  {bound:>{widths[2]}}  {word}".rstrip())
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"
