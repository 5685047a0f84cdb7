"""Who may do what: devices, their officers, and what each officer was granted in each ward."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cached_property, lru_cache

import msgspec
from msgspec import Struct

from forms.definition import Catalog, RecordType
from sync.gateway.refusals import RefusedError
from sync.gateway.storage import Row, Session, Storage, Stream
from sync.held_copy import is_held
from sync.protocol import Change, FieldProblem, Officer
from sync.voiding import void_roles


class Grant(Struct, frozen=True):
    """One officer in one ward: ``officer.roles`` are the roles there, ``scopes`` the streams those roles open."""

    officer: Officer
    ward: str
    scopes: frozenset[str]


class Device(Struct, frozen=True, dict=True):
    """A device with everything its token may do."""

    id: str
    grants: tuple[Grant, ...]

    @cached_property
    def streams(self) -> tuple[Stream, ...]:
        """The streams this token may read, sorted."""
        return tuple(sorted({(g.ward, scope) for g in self.grants for scope in g.scopes}))

    @cached_property
    def wards(self) -> tuple[str, ...]:
        """Codes of the wards, in the order they were granted."""
        return tuple(dict.fromkeys(g.ward for g in self.grants))

    @cached_property
    def officers(self) -> tuple[Officer, ...]:
        """Each officer once, with the roles of all wards together."""
        roles: dict[str, dict[str, None]] = {}
        known: dict[str, Officer] = {}
        for grant in self.grants:
            known.setdefault(grant.officer.id, grant.officer)
            roles.setdefault(grant.officer.id, {}).update(dict.fromkeys(grant.officer.roles))
        return tuple(msgspec.structs.replace(known[key], roles=tuple(roles[key])) for key in known)

    @cached_property
    def serves(self) -> dict[str, tuple[str, ...]]:
        """Officer → the wards he has grants in, of a device with several wards."""
        if len(self.wards) < 2:
            return {}
        return {o.id: tuple(g.ward for g in self.grants if g.officer.id == o.id) for o in self.officers}

    def grant_of(self, officer_id: str, ward: str) -> Grant | None:
        return next((g for g in self.grants if g.officer.id == officer_id and g.ward == ward), None)

    def may(self, ward: str, scope: str) -> bool:
        return any(g.ward == ward and scope in g.scopes for g in self.grants)


def trust_no_more(session: Session, device: str) -> None:
    """From now on its token is worth nothing, and its bundles neither; what it sent stays."""
    session.run("DELETE FROM grants WHERE device = ?", device)
    session.run("UPDATE devices SET token_hash = ? WHERE id = ?", f"withdrawn {device}", device)


def token_hash(token: str) -> str:
    """What is stored of a token or code. They are random and long, or short-lived, so that a plain hash does."""
    return hashlib.sha256(token.encode()).hexdigest()


_REMEMBERED = 8192  # devices
_GRANTED = "o.id, o.name, o.organisation, g.ward, g.roles"


class Access:
    """Finds the device behind a token. Grants are read at every request, so that one taken away ends at once; what was
    made of the same rows before is used again."""

    def __init__(self, storage: Storage, catalog: Catalog) -> None:
        self._storage = storage
        self._scopes = {role.id: frozenset(role.scopes) for role in catalog.roles}
        self._known = lru_cache(maxsize=_REMEMBERED)(self._made)

    def device(self, authorization: str) -> Device:
        """The device of an ``Authorization`` header. Raises RefusedError (401)."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer" and token:
            rows = self._storage.once(
                f"SELECT d.id, {_GRANTED} FROM devices d LEFT JOIN grants g ON g.device = d.id "
                "LEFT JOIN officers o ON o.id = g.officer WHERE d.token_hash = ? ORDER BY g.ward, o.name, o.id",
                token_hash(token.strip()),
            )
            if rows:
                return self._known(rows[0][0], tuple(tuple(row[1:]) for row in rows if row[1] is not None))
        raise RefusedError(
            401,
            "unknown_device",
            "Máy này chưa đăng ký với thành phố, hoặc đăng ký đã bị thu hồi. Xin mã đăng ký mới.",
            "This device is not enrolled with the city, or was withdrawn. Ask for a new enrolment code.",
        )

    def grants(self, session: Session, device: str) -> tuple[Grant, ...]:
        rows = session.all(
            f"SELECT {_GRANTED} FROM grants g JOIN officers o ON o.id = g.officer "
            "WHERE g.device = ? ORDER BY g.ward, o.name, o.id",
            device,
        )
        return tuple(self._grant(*row) for row in rows)

    def _made(self, device: str, granted: tuple[Row, ...]) -> Device:
        return Device(device, tuple(self._grant(*row) for row in granted))

    def _grant(self, officer: str, name: str, organisation: str, ward: str, roles_json: str) -> Grant:
        roles = msgspec.json.decode(roles_json, type=tuple[str, ...])
        return Grant(Officer(officer, name, roles, organisation), ward, self.scopes_of(roles))

    def scopes_of(self, roles: Iterable[str]) -> frozenset[str]:
        return frozenset[str]().union(*(self._scopes.get(role, frozenset()) for role in roles))


class Rights:
    """``change_problem`` for one device's changes, many of which are alike."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._known: dict[tuple[str | None, ...], FieldProblem | None] = {}

    def problem(self, record_type: RecordType, change: Change) -> FieldProblem | None:
        officer = change.officer
        numbers = "held" if is_held(change) else "number" if change.number else ""
        key = (record_type.id, change.pack, change.kind, change.action, numbers, change.ward, officer.id, officer.name,
               change.device)  # fmt: skip
        if key not in self._known:
            self._known[key] = change_problem(self.device, record_type, change)
        return self._known[key]


def change_problem(device: Device, record_type: RecordType, change: Change) -> FieldProblem | None:
    """Why this device may not make this change, or None. The roles are the city's, whatever the change claims."""
    if change.device not in ("", device.id):
        return FieldProblem(
            "",
            f"Thay đổi này ghi là của máy {change.device[:40]}, nhưng do máy {device.id} gửi.",
            english=f"This change says it is of device {change.device[:40]}, and device {device.id} sent it.",
        )
    grant = device.grant_of(change.officer.id, change.ward)
    if grant is None:
        return FieldProblem(
            "",
            f"Máy này không được cấp quyền cho {change.officer.name} ở phường {change.ward}.",
            english=f"This device has no grant for {change.officer.name} in ward {change.ward}.",
        )
    if change.officer.name != grant.officer.name:
        return FieldProblem(
            "",
            f"Cán bộ {change.officer.id} không mang tên {change.officer.name[:80]}.",
            english=f"Officer {change.officer.id} is not called {change.officer.name[:80]}.",
        )
    if record_type.scope not in grant.scopes:
        return FieldProblem(
            "",
            f"{change.officer.name} không được cấp quyền với sổ “{record_type.label.vi}”.",
            english=f"{change.officer.name} has no grant for “{record_type.label.en}”.",
        )
    wanted = _wanted_roles(record_type, change)
    if wanted and not wanted.intersection(grant.officer.roles):
        return FieldProblem(
            "",
            f"{change.officer.name} không có vai trò để làm việc này.",
            sorted(wanted),
            english=f"{change.officer.name} does not have the role this needs.",
        )
    return None


def _wanted_roles(record_type: RecordType, change: Change) -> frozenset[str]:
    if change.kind == "create":
        return frozenset(record_type.begun_by)
    if change.kind == "action":
        return frozenset(next((a.roles for a in record_type.actions if a.id == change.action), ()))
    if change.kind == "void":
        return void_roles(record_type)
    if is_held(change):
        return frozenset(record_type.begun_by)  # as of a record that is begun anew
    if change.number:  # given late, by the device that holds the book
        return _numbering_roles(record_type)
    return frozenset()


def _numbering_roles(record_type: RecordType) -> frozenset[str]:
    """Roles of the actions that take a number; none when one of them is open to all."""
    roles = [a.roles for a in record_type.actions if a.takes_number]
    return frozenset(role for each in roles for role in each) if all(roles) else frozenset()
