"""What the template of one printout knows by name, as ``forms.printing`` describes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from forms.book_pages import Book, BookRange
from forms.calendar import calendar_of
from forms.definition import Catalog, Printout, RecordType
from forms.paper_filters import GRID, box, dots, qr, total
from forms.paper_values import RecordView, Reference, Values
from forms.units import AdministrativeUnits


class PrintContext(Struct, frozen=True, kw_only=True):
    """What surrounds a print. ``ward``: code, name, org_code, place; ``officer``: id, name (by attribute or key).

    ``related(type, field, id)`` gives the records of a type that point at a record; ``copy_number`` comes from the
    print log: 1 for the first; ``book`` is the stretch of a register that a printout over a list shows.
    ``name_of(id)`` is the name of an officer whose own record is not here, "" where it is not known; ``left_open(id,
    name)`` is told of each whose post the paper therefore leaves to be filled in.
    """

    ward: Any
    officer: Any
    now: Callable[[], datetime] | datetime
    resolve: Callable[[str], Mapping[str, Any] | None]
    related: Callable[[str, str, str], Sequence[Any]]
    copy_number: int = 1
    temporary: bool = False
    book: BookRange | None = None
    name_of: Callable[[str], str] = lambda _id: ""
    left_open: Callable[[str, str], None] = lambda _id, _name: None

    @property
    def moment(self) -> datetime:
        return self.now if isinstance(self.now, datetime) else self.now()


class PaperNames:
    """The variables and functions of one rendering."""

    def __init__(
        self,
        record_type: RecordType,
        printout: Printout,
        catalog: Catalog,
        records: Sequence[Any],
        context: PrintContext,
    ) -> None:
        self._type, self._printout, self._catalog, self._context = record_type, printout, catalog, context
        self._calendar = calendar_of(catalog)
        self._values = Values(
            catalog,
            context.resolve,
            self._relevance,
            AdministrativeUnits(),
            name_of=context.name_of,
            left_open=context.left_open,
        )
        self._records = [self._values.record(record_type, record) for record in records]

    def variables(self) -> dict[str, Any]:
        context = self._context
        included = {name: self._pointing_here(path) for name, path in self._printout.includes.items()}
        return included | {
            "includes": included,
            "record": self._records[0],
            "records": self._records,
            "ward": context.ward,
            "officer": context.officer,
            "now": context.moment,
            "printout": self._printout,
            "copy_number": context.copy_number,
            "book": Book(context.book, self._records, self._values),
            "temporary": self._is_temporary(self._records[0]),
            "number_note": self._number_note(self._records[0]),
            "frozen": self._frozen,
            "related": self._related,
            "field_label": self._field_label,
            "register_number": self._register_number,
            "qr": qr,
            "total": total,
            "box": box,
            "dots": dots,
            "grid": GRID,
        }

    def _pointing_here(self, path: str) -> list[RecordView]:
        type_id, _, field = path.rpartition(".")
        return self._related(type_id, field)

    def _related(self, type_id: str, field: str, of: RecordView | None = None) -> list[RecordView]:
        view = of or self._records[0]
        if view.view_id is None:
            return []
        kind = self._catalog.record_type(type_id)
        return [self._values.record(kind, record) for record in self._context.related(type_id, field, view.view_id)]

    def _frozen(self, ref_field: str, name: str, of: RecordView | None = None) -> Any:
        reference = getattr(of or self._records[0], ref_field)
        return getattr(reference, name) if isinstance(reference, Reference) else None

    def _field_label(self, name: str) -> str:
        return self._type.field(name).label.vi

    def _is_temporary(self, view: RecordView) -> bool:
        return self._context.temporary or (view.view_type.register is not None and not view.view_official)

    def _number_note(self, view: RecordView) -> str:
        """The banner over a paper without its final number; a draft's paper (a declaration) has none to wait for."""
        printout = self._printout
        if printout.over == "list" or not printout.number or printout.blank or not self._is_temporary(view):
            return ""
        if view.view_temporary:
            return "SỐ TẠM – chưa có số chính thức"
        state = view.view_type.state(view.view_state) if view.view_state else None
        waits = state is not None and state.kind not in ("draft", "void")  # a refusal or a cancelled paper awaits none
        return "CHỜ CẤP SỐ" if waits else ""

    def _register_number(self, r: RecordView | None = None) -> str:
        view = r or self._records[0]
        if view.view_official and not self._context.temporary:
            return view.view_official
        given = view.view_temporary or view.view_official
        return f"SỐ TẠM: {given}" if given else "(chờ cấp số)"

    def _relevance(self, view: RecordView) -> Callable[[str], bool]:
        """Which fields apply, by the record's own rules; entries are made only where a rule could say no."""
        if not _has_relevance(view.view_type):
            return lambda _path: True
        from forms.entry import EntryContext, RecordEntry

        context = self._context
        entry_context = EntryContext(
            now=lambda: context.moment,
            ward=context.ward,
            officer=context.officer,
            resolve=context.resolve,
            calendar=self._calendar,
        )
        fields, state, number = dict(view.view_fields), view.view_state, view.view_number
        entry = RecordEntry(view.view_type, self._catalog, entry_context, fields=fields, state=state, number=number)
        relevant: Callable[[str], bool] = entry.is_relevant
        return relevant


def _has_relevance(record_type: RecordType) -> bool:
    fields = [column for field in record_type.fields for column in (field, *field.fields)]
    sections = record_type.sections
    return any(section.relevant for section in sections) or any(field.relevant for field in fields)
