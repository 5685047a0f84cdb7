"""A line to the city that the officer may cut himself, to see that work goes on and nothing is lost: in the demo only."""

from __future__ import annotations

from collections.abc import Callable


class Rehearsal:
    """``cut`` and ``restore`` may take seconds; they run in the background."""

    def __init__(self, cut: Callable[[], object], restore: Callable[[], object]) -> None:
        self._cut, self._restore = cut, restore
        self.is_cut = False

    def turn(self) -> None:
        """Cuts the line, or restores it."""
        (self._restore if self.is_cut else self._cut)()
        self.is_cut = not self.is_cut

    @property
    def next_step(self) -> str:
        """Key of the words for what ``turn`` does next."""
        return "frame.line_restore" if self.is_cut else "frame.line_cut"
