"""A stretch of a register as a paper shows it: its entries in order of number, and pages with what is carried over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import ceil
from typing import Any

from msgspec import Struct

from forms.label import Label
from forms.paper_values import RecordView, Values, shown


class BookEntry(Struct, frozen=True, kw_only=True):
    """One number of a book: what stands under it, or why nothing does. ``record`` is None for a number without one."""

    number: str
    record: Any = None
    void: bool = False
    reason: str = ""


class BookRange(Struct, frozen=True, kw_only=True):
    """What was chosen to be printed. ``before``: the records of the same book before the range, for what is carried over;
    ``period``: "2026", a day or ""; ``series``: which of the books of a register that has several; ``since`` and ``until``: ISO dates or ""."""

    entries: tuple[BookEntry, ...] = ()
    before: tuple[Any, ...] = ()
    period: str = ""
    series: Label | None = None
    volume: str = ""
    since: str = ""
    until: str = ""


class Line(Struct, frozen=True):
    """A row of a register page. ``record`` is None where a number stands empty."""

    number: str
    record: RecordView | None
    void: bool
    reason: str


class BookPage(Struct, frozen=True):
    """One page: ``before`` and ``after`` are the sums carried in and out, ``sums`` those of the page itself."""

    index: int
    lines: tuple[Line, ...]
    before: Mapping[str, int]
    sums: Mapping[str, int]
    after: Mapping[str, int]
    last: bool
    count: int  # entries that hold
    start: int  # lines on the pages before

    @property
    def carries(self) -> bool:
        """Whether anything stood in the book before this page."""
        return self.index > 1 or any(self.before.values())


class Book:
    """``book`` in a template."""

    def __init__(self, chosen: BookRange | None, records: Sequence[RecordView], values: Values) -> None:
        chosen = chosen or BookRange()
        self.period, self.volume = chosen.period, chosen.volume
        self.series = chosen.series.vi if chosen.series else None
        self.since, self.until = chosen.since or None, chosen.until or None
        self.lines = tuple(self._lines(chosen, records, values))
        self.first = self.lines[0].number if self.lines else None
        self.last = self.lines[-1].number if self.lines else None
        self._before = chosen.before
        self._void = {s.id for s in records[0].view_type.states if s.kind == "void"} if records else set()

    def carried(self, column: str) -> int:
        """The sum of a column over what stands in the book before the first line; void entries are left out."""
        fields = (_of(r, "fields") or {} for r in self._before if _of(r, "state") not in self._void)
        return sum(int(values.get(column) or 0) for values in fields)

    def pages(
        self,
        rows: int,
        *columns: str,
        skip: Sequence[str] = (),
        wide: Mapping[str, int] | None = None,
        least: int = 1,
    ) -> list[BookPage]:
        """The lines in pages of ``rows``, with the sums of ``columns`` carried from page to page. Lines in one of the states
        ``skip`` count no more than void ones: what is not yet paid stands in a list, not in its sum.

        With ``wide`` (fields -> width of their cell in per cent; "a+b": one cell with both, one under the other) a page holds
        ``rows`` lines of text, so that long entries make a page shorter; an entry has ``least`` lines or more."""
        made: list[BookPage] = []
        running = {column: self.carried(column) for column in columns}
        weigh = partial(_height, wide=wide, least=least) if wide else lambda _line: 1.0
        groups = list(_packed(self.lines, float(rows), weigh)) or [()]
        for index, lines in enumerate(groups, start=1):
            holding = [
                r for line in lines if (r := line.record) is not None and not line.void and r.view_state not in skip
            ]
            sums = {c: sum(int(getattr(r, c) or 0) for r in holding) for c in columns}
            after = {c: running[c] + sums[c] for c in columns}
            start = sum(len(page.lines) for page in made)
            made.append(BookPage(index, lines, running, sums, after, index == len(groups), len(holding), start))
            running = after
        return made

    @staticmethod
    def _lines(chosen: BookRange, records: Sequence[RecordView], values: Values) -> Iterator[Line]:
        views = {view.view_id: view for view in records if view.view_id}
        if not chosen.entries:  # a list without a book, or examples: the records as they come
            for view in records:
                state = view.view_type.state(view.view_state) if view.view_state else None
                void = state is not None and state.kind == "void"
                yield Line(view.view_official or "", view, void, "")
            return
        for entry in chosen.entries:
            if entry.record is None:
                yield Line(entry.number, None, True, entry.reason)
                continue
            view = views.get(_of(entry.record, "id")) or values.record(records[0].view_type, entry.record)
            yield Line(entry.number, view, entry.void, entry.reason)


def _packed(lines: Sequence[Line], room: float, weigh: Callable[[Line], float]) -> Iterator[tuple[Line, ...]]:
    """The lines in stretches that each fill no more than ``room``, or are one line alone."""
    page: list[Line] = []
    filled = 0.0
    for line in lines:
        height = weigh(line)
        if page and filled + height > room:
            yield tuple(page)
            page, filled = [], 0.0
        page.append(line)
        filled += height
    if page:
        yield tuple(page)


_LETTERS = 1.2  # of 11 pt to a per cent of a landscape page: fewer than usual, so that capitals fit too
_PADDING = 0.5  # of a row, in lines


def _height(line: Line, *, wide: Mapping[str, int], least: int) -> float:
    """How many lines of text an entry takes, about."""
    if line.record is None:
        return 1 + _PADDING
    record = line.record

    def lines_of(name: str, width: int) -> int:
        value = getattr(record, name)
        written = str(shown(value)) if value is not None else ""
        return sum(ceil(len(part) / (width * _LETTERS)) for part in written.split("<br>"))

    cells = (sum(lines_of(name, width) for name in names.split("+")) for names, width in wide.items())
    return max(least, *cells) + _PADDING


def _of(record: Any, name: str) -> Any:
    return record.get(name) if isinstance(record, Mapping) else getattr(record, name, None)
