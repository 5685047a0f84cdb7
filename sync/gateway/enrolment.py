"""Enrolment: a short code, given to an officer by the city, becomes a device's token."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from forms.definition import Catalog
from sync.bundle.keys import LARGEST_TEXT
from sync.clock import Clock, moment_text
from sync.gateway.access import Access, token_hash
from sync.gateway.bulk_tokens import BulkTokens, is_bulk
from sync.gateway.refusals import RefusedError
from sync.gateway.sequences import trust_again
from sync.gateway.storage import Row, Session, Storage, Stream
from sync.gateway.wards import WardNames
from sync.hub.messages import HUB_ROLE
from sync.ids import derived_id
from sync.protocol import EnrolAnswer, EnrolRequest

CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # nothing that is read as something else: no I, L, O, 0, 1
CODE_LENGTH = 8
CODE_LIFE = timedelta(days=7)
_DEVICE_IDS: Stream = ("", "devices")  # held while a device id is given, so that two enrolments never get one
_DEVICE_MARK = "device_mark"
_MARK_LENGTH = 3


def mark_new_devices(session: Session) -> None:
    """Of a city that came back from a backup: PCs that enrolled after it may have given numbers under ids that the city would
    give again, so that ids get an ending that none had."""
    mark = "".join(secrets.choice(CODE_ALPHABET) for _ in range(_MARK_LENGTH))
    session.upsert("meta", [(_DEVICE_MARK, mark)])


def open_roles(catalog: Catalog) -> tuple[str, ...]:
    """Roles given when none are named: all that open no restricted scope."""
    restricted = {scope.id for scope in catalog.scopes if scope.restricted}
    return tuple(role.id for role in catalog.roles if not restricted.intersection(role.scopes))


class Enrolment:
    """Gives out codes and takes them back, once each."""

    def __init__(self, storage: Storage, catalog: Catalog, clock: Clock, wards: WardNames) -> None:
        self._storage = storage
        self._catalog = catalog
        self._clock = clock
        self._wards = wards
        self._access = Access(storage, catalog)
        self.bulk = BulkTokens(storage, clock)

    def new_token(  # noqa: PLR0917 - what a code has, and how often and how long
        self,
        wards: Sequence[str],
        officer: str,
        organisation: str,
        roles: Sequence[str],
        count: int,
        until: datetime | None,
    ) -> tuple[str, str]:
        """(id, token) of a bulk token for ``count`` devices (0: any number) of ``wards``. Raises RefusedError for a role that the
        catalogue does not have."""
        self._check_roles(roles)
        return self.bulk.make(wards, officer, organisation, roles or open_roles(self._catalog), count, until)

    def _check_roles(self, roles: Sequence[str], more: frozenset[str] = frozenset()) -> None:
        known = {role.id for role in self._catalog.roles}
        if unknown := [role for role in roles if role not in known | more]:
            names = ", ".join(sorted(known))
            raise RefusedError(
                400, "unknown_role", f"Không có vai trò {unknown[0]}; có: {names}", f"No role {unknown[0]}; use {names}"
            )

    def new_code(self, wards: Sequence[str], officer: str, organisation: str, roles: Sequence[str]) -> str:
        """A code for one officer in ``wards``. Raises RefusedError for a role that the catalogue does not have."""
        self._check_roles(roles, frozenset({HUB_ROLE}))
        code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
        # the same name in the same office is the same person, on however many PCs
        officer_id = derived_id("officer", organisation or ",".join(sorted(wards)), officer)
        encode = msgspec.json.encode
        row = (
            token_hash(code),
            officer_id,
            encode(list(dict.fromkeys(wards))).decode(),
            encode(list(roles or open_roles(self._catalog))).decode(),
            moment_text(self._clock.now() + CODE_LIFE),
            None,
            None,
        )
        with self._storage.write() as session:
            session.upsert("officers", [(officer_id, officer, organisation)])
            session.insert("codes", [row])
        return f"{code[:4]}-{code[4:]}"

    def enrol(self, request: EnrolRequest, epoch: str) -> EnrolAnswer:
        """Trade the code for a token, or add its officer to the device of ``request.token``. Raises RefusedError."""
        bare = _bare(request.code)
        key, bulk = token_hash(bare), None
        with self._storage.write([_DEVICE_IDS]) as session:
            if is_bulk(bare):
                bulk = self.bulk.take(session, bare, request)
                officer, wards, roles, before = bulk.officer, bulk.wards, bulk.roles, bulk.device
            else:
                officer, wards, roles, before = self._use_code(session, key, request.attempt)
            _check_wards(request, wards)
            token, device = request.token, self._present_device(session, request.token)
            if HUB_ROLE in msgspec.json.decode(roles, type=list[str]):
                device = None  # a hub is a device of its own, whatever this PC is besides
            if device is None and before is not None:
                token, device = self._same_again(session, before, request)
            elif device is None:
                token, device = self._new_device(session, request)
            else:
                trust_again(session, device)
                if request.public_key:
                    session.run("UPDATE devices SET public_key = ? WHERE id = ?", _public_key(request), device)
            grants = [(device, officer, ward, roles) for ward in wards]
            session.upsert("grants", grants)
            if bulk is not None:
                self.bulk.note(session, bulk, request, device)
            else:
                session.run("UPDATE codes SET used_by = ? WHERE code_hash = ?", device, key)
            granted = self._access.grants(session, device)
        codes = dict.fromkeys([*wards, *(g.ward for g in granted)])
        mine = next(g.officer for g in granted if g.officer.id == officer)
        return EnrolAnswer(
            token=token,
            device=device,
            wards={code: self._wards.name(code) for code in codes},
            officer=mine,
            epoch=epoch,
        )

    def _use_code(self, session: Session, key: str, attempt: str) -> tuple[str, list[str], str, str | None]:
        """Officer, wards, roles, and the device that the same attempt was given before."""
        now = moment_text(self._clock.now())
        mark = token_hash(attempt) if attempt else ""
        used = session.run(
            "UPDATE codes SET used_at = ?, attempt = ? WHERE code_hash = ? AND used_at IS NULL AND expires_at > ?",
            now,
            mark,
            key,
            now,
        )
        row: Row | None = session.one(
            "SELECT officer, wards, roles, used_by, attempt FROM codes WHERE code_hash = ? AND expires_at > ?", key, now
        )
        again = row is not None and mark and row[4] == mark
        if row is None or not (used or again):
            raise RefusedError(
                403,
                "bad_code",
                "Mã đăng ký không đúng, đã dùng hoặc quá hạn 7 ngày. Kiểm tra lại hoặc xin mã mới.",
                "The enrolment code is wrong, used, or older than 7 days. Check it or ask for a new one.",
            )
        return row[0], msgspec.json.decode(row[1], type=list[str]), row[2], row[3]

    def _same_again(self, session: Session, device: str, request: EnrolRequest) -> tuple[str, str]:
        """The device whose first answer was lost gets a new token; the one that nobody heard of ends. A device that has
        spoken since had its answer: what comes now is an old question that was held up on the way, and may not end its
        token. Raises RefusedError."""
        if session.one("SELECT 1 FROM device_seen WHERE device = ?", device) is not None:
            raise RefusedError(
                403,
                "bad_code",
                "Lần đăng ký này đã xong từ trước. Đăng ký lại máy thì cần mã mới.",
                "This enrolment was done before. To enrol the PC again a new code is wanted.",
            )
        token = secrets.token_urlsafe(32)
        sql = "UPDATE devices SET token_hash = ?, public_key = ? WHERE id = ?"
        session.run(sql, token_hash(token), _public_key(request), device)
        return token, device

    def _present_device(self, session: Session, token: str) -> str | None:
        """The device that a further officer joins; None for a first enrolment or a token the city does not know."""
        row = session.one("SELECT id FROM devices WHERE token_hash = ?", token_hash(token)) if token else None
        return row[0] if row else None

    def _new_device(self, session: Session, request: EnrolRequest) -> tuple[str, str]:
        """A device id is short, since it stands in temporary numbers, and unique in the whole city."""
        row = session.one("SELECT coalesce(max(ordinal), 0) + 1 FROM devices")
        ordinal = int(row[0]) if row else 1
        mark = session.one("SELECT value FROM meta WHERE key = ?", _DEVICE_MARK)
        token, device = secrets.token_urlsafe(32), f"Q{ordinal}{mark[0] if mark else ''}"
        now = moment_text(self._clock.now())
        name = request.device_name.replace("\0", "")[:200]
        session.insert("devices", [(device, ordinal, name, token_hash(token), _public_key(request), now)])
        return token, device


def _public_key(request: EnrolRequest) -> str:
    return request.public_key.replace("\0", "")[:LARGEST_TEXT]


def _check_wards(request: EnrolRequest, wards: Sequence[str]) -> None:
    """A device that names its wards takes no code of another one; raising here leaves the code unused."""
    if request.wards and not set(request.wards) & set(wards):
        raise RefusedError(
            409,
            "other_ward",
            "Mã này là của phường khác. Dùng mã của phường mình.",
            "This code is for another ward. Use a code of this device's ward.",
        )


def _bare(code: str) -> str:
    return "".join(c for c in code.upper() if c.isalnum())


class GuessLimit:
    """Counts wrong codes by caller: ``allowed`` in ``seconds``, then the door stays shut until they are over.

    31^8 codes and 10 guesses in 10 minutes leave a guesser no chance within the seven days a code lives. Of ``callers`` at
    most anything is kept; whoever guessed longest ago is forgotten first.
    """

    def __init__(
        self,
        allowed: int = 10,
        seconds: float = 600.0,
        now: Callable[[], float] = time.monotonic,
        callers: int = 10_000,
    ) -> None:
        self._allowed = allowed
        self._seconds = seconds
        self._now = now
        self._callers = callers
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()  # the last to guess at the end

    def check(self, caller: str) -> None:
        """Raises RefusedError (429) while the caller has guessed too often."""
        now = self._now()
        with self._lock:
            self._forget(now - self._seconds)
            times = self._wrong.get(caller, ())
            recent = [at for at in times if at > now - self._seconds]
            if len(recent) < self._allowed:
                return
            wait = int(recent[0] + self._seconds - now) + 1
        raise RefusedError(
            429,
            "too_many_guesses",
            "Nhập sai mã quá nhiều lần. Chờ ít phút rồi thử lại.",
            "Too many wrong codes. Wait a few minutes and try again.",
            retry_after=wait,
        )

    def wrong(self, caller: str) -> None:
        with self._lock:
            self._wrong.setdefault(caller, deque(maxlen=self._allowed)).append(self._now())
            self._wrong.move_to_end(caller)
            if len(self._wrong) > self._callers:
                self._wrong.popitem(last=False)

    def _forget(self, before: float) -> None:
        """Those who guessed last before that moment: they stand in front."""
        while self._wrong and next(iter(self._wrong.values()))[-1] <= before:
            self._wrong.popitem(last=False)
