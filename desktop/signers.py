"""Officers and their own records. The city names an officer by an id; his record is the one that bears this id, and papers
take his post from it. Where nobody has made it yet papers name him all the same, and it can be made here, on any PC under
that same id: what two PCs write of him meets in one record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from forms.vietnamese import clean
from sync.clock import moment_text
from sync.store import Store
from sync.store.model import Draft, Record

if TYPE_CHECKING:
    from desktop.app import App
    from sync.protocol import Officer

OFFICER = "hr.officer"
_OWN = "own-"
"""Begins the id of the draft of an officer's own record. Not the officer's id alone: a draft that has a record's id is one of
changes to that record."""


class Signer(NamedTuple):
    """An officer as the city calls him, and his name as far as it is known here."""

    id: str
    name: str


def signer_name(store: Store, records: Iterable[Record], officer_id: str) -> str:
    """As this PC knows its officers, else as whoever took a step on one of ``records`` was called; "" where nobody says."""
    enrolment = store.enrolment
    here = iter(enrolment.officers if enrolment else ())
    acted = (row.change.officer for record in records for row in store.changes.history(record.id))
    return next((one.name for some in (here, acted) for one in some if one.id == officer_id and one.name), "")


def may_make_own(app: App, signer: Signer) -> bool:
    """Whether the officer at work may make the record of another (or his own), and somebody knows whose it is."""
    known = any(kind.id == OFFICER for kind in app.catalog.record_types)
    return bool(signer.name) and known and app.may_begin(app.catalog.record_type(OFFICER))


def make_own(app: App, signer: Signer) -> None:
    """Asks the window for the form of his record: the record itself where it has come meanwhile, what was begun of it, or a
    new one that says what is known of him."""
    if app.load(signer.id) is not None:
        app.open_record(signer.id)
    elif may_make_own(app, signer):
        app.draft_requested.emit(app.store.drafts.get(_OWN + signer.id) or _first_draft(app, signer))


def _first_draft(app: App, signer: Signer) -> Draft:
    """Not on the disk before something is typed."""
    enrolled = next((one for one in _enrolled(app) if one.id == signer.id), None)
    known = app.catalog.record_type(OFFICER).field_map.get("roles")
    codes = {choice.code for choice in app.catalog.choices_of(known)} if known is not None else set()
    roles = [role for role in enrolled.roles if role in codes] if enrolled else []
    fields: dict[str, Any] = {"full_name": signer.name, **({"roles": roles} if roles else {})}
    now = moment_text(app.clock.now())
    return Draft(id=_OWN + signer.id, type=OFFICER, record_id=None, fields=fields, opened=None, updated_at=now)


def own_id(draft_id: str) -> str | None:
    """The id that the record of a draft is to bear where it is an officer's own; None: any."""
    return draft_id.removeprefix(_OWN) if draft_id.startswith(_OWN) else None


def perhaps_own(app: App, type_id: str, fields: Mapping[str, Any]) -> Officer | None:
    """Of a new record of an officer, made by hand: the one officer of this PC of exactly that name who has no record yet."""
    name = _key(str(fields.get("full_name") or "")) if type_id == OFFICER else ""
    named = [one for one in _enrolled(app) if name and _key(one.name) == name]
    return named[0] if len(named) == 1 and app.store.records.load(named[0].id) is None else None


def _key(name: str) -> str:
    """In capitals or not; marks tell names apart."""
    return clean(name).casefold()


def _enrolled(app: App) -> tuple[Officer, ...]:
    return app.enrolment.officers if app.enrolment else ()
