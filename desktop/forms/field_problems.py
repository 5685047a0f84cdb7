"""What is told at the fields of one form: what was refused there, what the rules find wrong, and what a rule of the whole
record doubts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from desktop.forms.quiet_warnings import warned_fields
from desktop.language import say
from forms.entry import Problem, RecordEntry

if TYPE_CHECKING:
    from desktop.forms.field_cell import FieldCell


class FieldProblems:
    def __init__(self, doubtable: Iterable[str]) -> None:
        """``doubtable``: the fields at which a doubt about the whole record may stand."""
        self.refused: dict[str, str] = {}
        """Path → what the store, the city, a service or an action found wrong there, until it is changed."""
        self.all_told = False  # also at fields the officer has not come to yet
        self._doubtable = tuple(doubtable)
        self._doubts: dict[str, Problem] = {}

    def begin_anew(self) -> None:
        """Another record, or the same one after a save."""
        self.refused, self.all_told = {}, False

    def judge_whole(self, entry: RecordEntry) -> set[str]:
        """Puts what the record's own rules warn of at its fields; the fields where that changed."""
        old = self._doubts
        self._doubts = warned_fields(entry, self._doubtable)
        return {name for name in old.keys() | self._doubts.keys() if old.get(name) != self._doubts.get(name)}

    def show_at(self, cell: FieldCell, entry: RecordEntry, *, visited: bool) -> None:
        """One sentence below the field, the weightiest. What is wrong with an empty field is told once it was ``visited``."""
        path = cell.path
        if refused := self.refused.get(path):
            cell.set_problem(refused)
            return
        problem = entry.problem(path) or self._doubts.get(path)
        if problem is None or not (visited or entry.get(path) not in (None, "", [])):
            cell.set_problem(None)
        else:
            cell.set_problem(say(problem.message), blocks=problem.blocks)
