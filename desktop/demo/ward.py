"""Fills the sample ward with a believable year, through the real store and the real sync."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from desktop.commands.desk import Desk
from desktop.commands.enrolment import enrol_desk
from desktop.commands.entries import ward_facts
from desktop.commands.syncing import sync_now
from desktop.demo.city import DemoCity
from desktop.demo.people import CIVIL_STATUS, CLERK, DemoOfficer
from forms.attached import files_of
from forms.definition import RecordType
from forms.sample_file import sample_file
from sync.clock import HANOI, moment_text
from sync.ids import IdSource
from sync.protocol import Officer
from sync.store.model import Record, Save

YEAR: tuple[tuple[str, int], ...] = (
    ("residence.citizen", 640),
    ("residence.organisation", 20),
    ("residence.household", 120),
    ("onestop.dossier", 560),
    ("certification.cert_copy", 400),
    ("civil_status.birth", 110),
    ("documents.incoming_doc", 150),
)
"""How many of each; what refers comes after what it refers to. Types the catalogue lacks are left out."""
_OFFICER = "hr.officer"
_PROCEDURE = "onestop.procedure"
_DOSSIER = "onestop.dossier"
_BIRTH = "civil_status.birth"
_SEED = "phuong-mau"
_BATCH = 500
_LATE = 4  # of all kinds together: an office that works, and not one that has given up
_DUE_TODAY = 12
_SPARE = 90  # more of a kind than wanted, to choose from: most that are open may be due today
_ONLINE = 3  # applications that came over the city's portal this morning


def enrol_officers(desk: Desk, city: DemoCity, officers: tuple[DemoOfficer, ...], device: str) -> None:
    for officer in officers:
        enrol_desk(desk, city.url, city.code(officer), device)


def officer_of(desk: Desk, who: DemoOfficer) -> Officer:
    return next(o for o in desk.enrolment.officers if o.name == who.name)


class SampleWard:
    """The records of one sample ward while they are being made."""

    def __init__(self, desk: Desk, city: DemoCity) -> None:
        self._desk = desk
        self._city = city
        self._ids = IdSource(desk.clock)
        self._fields: dict[str, Mapping[str, Any]] = {}
        self._pools: dict[str, list[str]] = {}

    def fill(self) -> int:
        """Write the year and send it to the city; how many records."""
        self._officers()
        self._procedures()
        for type_id, count in YEAR:
            if self._has(type_id):
                self._year_of(self._desk.catalog.record_type(type_id), count)
        if self._has(_BIRTH):
            self._birth_to_be_refused()
        sync(self._desk)
        return len(self._fields)

    def online_applications(self) -> None:
        """New dossiers from the city's portal, sent by the city's own program."""
        if not self._has(_DOSSIER):
            return
        record_type = self._desk.catalog.record_type(_DOSSIER)
        made = self.samples(record_type, 40, "online")
        fresh = [r for r in made if r["state"] == record_type.initial_state] or made
        rows = [
            {"type": _DOSSIER, "state": record_type.initial_state, "fields": {**r["fields"], "channel": "online"}}
            for r in fresh[:_ONLINE]
        ]
        self._city.send(_DOSSIER, rows, self._desk.folder)

    def remember(self) -> None:
        """Take note of what an earlier start has made, so that new samples can refer to it."""
        from desktop.commands.exporting import all_records

        for type_id in (_OFFICER, _PROCEDURE, *(type_id for type_id, _ in YEAR)):
            if self._has(type_id):
                for record in all_records(self._desk.store, type_id):
                    self._fields[record.id] = record.fields
                    self._pools.setdefault(type_id, []).append(record.id)

    def _has(self, type_id: str) -> bool:
        return any(r.id == type_id for r in self._desk.catalog.record_types)

    def _officers(self) -> None:
        """The officers' own records, under the ids the city knows them by, so that signatures point at them."""
        if not self._has(_OFFICER):
            return
        record_type = self._desk.catalog.record_type(_OFFICER)
        officers = self._desk.enrolment.officers
        made = self.samples(record_type, len(officers), "officers")
        posts = {role.id: role.label.vi for role in self._desk.catalog.roles}
        saves = []
        for officer, record in zip(officers, made, strict=True):
            fields = {**record["fields"], "full_name": officer.name, "roles": list(officer.roles)}
            fields["position"] = posts.get(officer.roles[0], fields.get("position"))  # printed under the signature
            saves.append(self._save(record_type, {**record, "fields": fields}, officer.id))
        self._write(record_type, saves)

    def _procedures(self) -> None:
        """The catalogue's own examples: real procedures with their time limits and fees."""
        from forms.definition_source import Source
        from forms.exchange import read_values

        if not self._has(_PROCEDURE):
            return
        record_type = self._desk.catalog.record_type(_PROCEDURE)
        path = Path(self._desk.catalog.folder) / "onestop" / "examples.yaml"
        examples = (Source(path, []).data or {}).get("procedure") or []
        read = [{**e, "fields": read_values(e["fields"], record_type, self._desk.catalog).fields} for e in examples]
        self._write(record_type, [self._save(record_type, example) for example in read])

    def _year_of(self, record_type: RecordType, count: int) -> None:
        if record_type.deadline is None:
            chosen = self.samples(record_type, count, "year")
        else:
            chosen = self._with_few_due(record_type, self.samples(record_type, count + _SPARE, "year"), count)
        self._write(record_type, [self._save(record_type, record) for record in chosen])

    def _with_few_due(self, record_type: RecordType, made: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
        """``count`` of the records, in their order, with so many late and due today as are this kind's part of an office's
        morning; the oldest of the others make room."""
        now = self._desk.clock.now().astimezone(HANOI)
        at, day_end = moment_text(now), moment_text(now.replace(hour=23, minute=59, second=59))
        late: list[dict[str, Any]] = []
        today: list[dict[str, Any]] = []
        others: list[dict[str, Any]] = []
        for record in made:
            due = self._due(record_type, record)
            (others if due is None or due > day_end else late if due < at else today).append(record)
        kinds = [n for type_id, n in YEAR if self._has(type_id) and self._desk.catalog.record_type(type_id).deadline]
        share = count / sum(kinds)
        few = late[: round(_LATE * share)] + today[: round(_DUE_TODAY * share)]
        kept = {id(record) for record in (*few, *others[len(others) + len(few) - count :])}
        return [record for record in made if id(record) in kept]

    def _due(self, record_type: RecordType, record: Mapping[str, Any]) -> str | None:
        """When an open record whose clock runs is due, as text to compare with moments."""
        state, deadline = record_type.state(record["state"]), record_type.deadline
        due = record["fields"].get(deadline.field) if deadline else None
        if due is None or state.kind not in ("open", "waiting") or not state.clock:
            return None
        return f"{due}T17:00:00Z" if len(due) == 10 else str(due)

    def _birth_to_be_refused(self) -> None:
        """A birth sent without the hospital's certificate: the civil-status service will send it back."""
        record_type = self._desk.catalog.record_type(_BIRTH)
        states = {state for delivery in record_type.deliveries for state in delivery.states}
        made = [r for r in self.samples(record_type, 30, "refused") if r["state"] in states]
        if made:
            fields = {k: v for k, v in made[-1]["fields"].items() if k != "birth_cert_no"}
            self._write(record_type, [self._save(record_type, {**made[-1], "number": None, "fields": fields})])

    def samples(self, record_type: RecordType, count: int, what: str) -> list[dict[str, Any]]:
        """Invented records that refer to this ward's people."""
        from forms.sample import sample_records

        return sample_records(
            record_type,
            self._desk.catalog,
            count,
            f"{_SEED}/{what}",
            ward=ward_facts(self._desk),
            now=self._desk.clock.now(),
            resolve=self._fields.get,
            pools=self._pools,
        )

    def _save(self, record_type: RecordType, record: Mapping[str, Any], record_id: str | None = None) -> Save:
        state = record.get("state") or record_type.initial_state
        return Save(
            type=record_type.id,
            fields=dict(record["fields"]),
            id=record_id or self._ids.new(),
            state=state,
            number=record.get("number"),
        )

    def _who_begins(self, record_type: RecordType) -> Officer:
        """An officer whose role may begin such a record; the city refuses the others'."""
        wanted = set(record_type.begun_by)
        able = (o for o in self._desk.enrolment.officers if wanted & set(o.roles))
        return next(able, officer_of(self._desk, CLERK))

    def _write(self, record_type: RecordType, saves: list[Save]) -> None:
        officer = self._who_begins(record_type)
        for at in range(0, len(saves), _BATCH):
            for save in saves[at : at + _BATCH]:
                for file in files_of(record_type, save.fields):
                    self._desk.store.files.put(sample_file(file.name))
            for record in self._desk.store.save(saves[at : at + _BATCH], officer):
                self._fields[record.id] = record.fields
                self._pools.setdefault(record_type.id, []).append(record.id)


def make_conflict(desk: Desk, city: DemoCity, second: Desk) -> None:
    """Two counters change the telephone number of one dossier while neither sees the other's change."""
    enrol_officers(second, city, (CIVIL_STATUS,), "Quầy 2")
    sync(second)
    record = _open_dossier(desk)
    if record is None or (theirs := second.store.records.load(record.id)) is None:
        return
    _set_phone(second, theirs, "+84912000222", CIVIL_STATUS)
    _set_phone(desk, record, "+84983000111", CLERK)
    sync(second)
    sync(desk)


def _open_dossier(desk: Desk) -> Record | None:
    from desktop.commands.exporting import all_records

    if not any(r.id == _DOSSIER for r in desk.catalog.record_types):
        return None
    states = desk.catalog.record_type(_DOSSIER).states
    working = tuple(s.id for s in states if s.kind == "open" and not s.locked)
    return next((r for r in all_records(desk.store, _DOSSIER, working) if r.fields.get("phone")), None)


def _set_phone(desk: Desk, record: Record, phone: str, who: DemoOfficer) -> None:
    save = Save(type=record.type, fields={**record.fields, "phone": phone}, opened=record)
    desk.store.save([save], officer_of(desk, who))


def sync(desk: Desk) -> None:
    """One sync that must come to its end. Raises SyncError."""
    _, error = sync_now(desk.store, desk.enrolment, desk.language)
    if error is not None:
        raise error
