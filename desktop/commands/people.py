"""References written as objects: the person, household or organisation is found, or made once.

Matched by citizen number, else by the fields that together mean "the same one" (a person: exact name and birth date).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from desktop.commands.desk import Desk
from desktop.commands.grants import why_not_begin
from forms.definition import RecordType
from forms.exchange import Inside, LineValues, UnusableReferenceError, read_inside
from forms.exchange.same_record import Key, identity_keys, may_be_same
from forms.label import Label
from sync.ids import derived_id
from sync.store.model import Save


class References:
    """Finds or makes what inline objects mean, within one intake."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._enrolment = desk.enrolment
        self._ids: dict[Key, list[str]] = {}
        self._made: dict[str, Mapping[str, Any]] = {}

    def resolve(self, record_id: str) -> Mapping[str, Any] | None:
        """The fields of a record, also of one that was made for this file and is not saved yet."""
        return self._made.get(record_id) or self._desk.store.records.resolve(record_id)

    def settle(self, values: LineValues) -> list[Save]:
        """Put ids in the places of the line's inline objects; the saves of those to be made.

        Raises UnusableReferenceError; then none of the line's records has been taken note of.
        """
        made: list[Save] = []
        try:
            self._put_ids(values, read_inside(values, self._desk.catalog), made)
        except UnusableReferenceError:
            self.forget(made)
            raise
        return made

    def _put_ids(self, values: LineValues, inside: tuple[Inside, ...], made: list[Save]) -> None:
        """As ``settle``; the innermost are made first."""
        for one in inside:
            try:
                self._put_ids(one.values, one.inside, made)
            except UnusableReferenceError as error:
                raise UnusableReferenceError(f"{one.inline.name}/{error.field}", error.label) from error
            fields = one.fields()
            record_id = self._known(one.record_type, fields)
            if record_id is None:
                self._check_may_begin(one)
                save = self._make(one.record_type, fields)
                record_id = save.id or ""
                made.append(save)
            values.put(one.inline.place, record_id)

    def forget(self, made: list[Save]) -> None:
        """The line that brought these along was refused: they were not saved."""
        gone = {save.id or "" for save in made}
        for record_id in gone & self._made.keys():
            del self._made[record_id]
            for ids in self._ids.values():
                if record_id in ids:
                    ids.remove(record_id)

    def _known(self, record_type: RecordType, fields: Mapping[str, Any]) -> str | None:
        """The id of the record these fields mean, when this file or the store has it."""
        for key, named in identity_keys(record_type, fields):
            for record_id in self._ids.get(key, ()):
                if may_be_same(record_type, fields, self.resolve(record_id) or {}):
                    return record_id
            if not named:
                continue
            for record in sorted(self._desk.store.records.find(record_type.id, **named), key=lambda r: r.id):
                if may_be_same(record_type, fields, record.fields):
                    self._ids.setdefault(key, []).append(record.id)
                    return record.id
        made_before = self._derived(record_type, fields)
        return made_before if self._desk.store.records.load(made_before) is not None else None

    def _derived(self, record_type: RecordType, fields: Mapping[str, Any]) -> str:
        """The id that a record made for these fields gets, from whichever file they come."""
        return derived_id(self._enrolment.ward, *identity_keys(record_type, fields)[0][0])

    def _check_may_begin(self, one: Inside) -> None:
        """The city would refuse the record, and with it all that refers to it. Raises UnusableReferenceError."""
        reason = why_not_begin(one.record_type, self._desk.catalog, self._desk.officer, self._enrolment)
        if reason is not None:
            label = one.record_type.label
            raise UnusableReferenceError(
                one.inline.name,
                Label(
                    f"Máy này chưa có “{label.vi}” như ghi ở đây và không được lập mới: {reason.vi}",
                    f"No such “{label.en}” is on this device, and none may be begun: {reason.en}",
                ),
            )

    def _make(self, record_type: RecordType, fields: Mapping[str, Any]) -> Save:
        record_id = self._derived(record_type, fields)
        for key, _ in identity_keys(record_type, fields):
            self._ids.setdefault(key, []).append(record_id)
        completed = self._completed(record_type, fields)
        self._made[record_id] = completed
        return Save(type=record_type.id, fields=completed, id=record_id, state=record_type.initial_state)

    def _completed(self, record_type: RecordType, fields: Mapping[str, Any]) -> dict[str, Any]:
        """With defaults and calculated fields. What is required is not asked for here: a register often knows of a
        person no more than a name, and the officer who next opens the record sees what is missing."""
        from desktop.commands.entries import entry_context
        from forms.entry import RecordEntry

        entry = RecordEntry(record_type, self._desk.catalog, entry_context(self._desk, resolve=self.resolve))
        for name, value in fields.items():
            if not entry.is_calculated(name):
                entry.put(name, value)  # past the locks: what the engine once wrote comes along
        return entry.fields
