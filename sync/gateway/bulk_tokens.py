"""Bulk tokens: one secret that enrols many PCs of some wards, so that nobody need type a code at each.

A token has a number of devices, an end, or both; each use is noted, and it can be withdrawn, which leaves the devices it enrolled
alone. It is 128 bits of chance, so that it cannot be guessed as a short code might be.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from sync.clock import Clock, moment_text
from sync.gateway.access import token_hash
from sync.gateway.refusals import RefusedError
from sync.gateway.storage import Row, Session, Storage
from sync.ids import derived_id
from sync.protocol import EnrolRequest

LENGTH = 26
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_ID_LENGTH = 6
_MARK = "SP"
_COLUMNS = "id, officer, organisation, wards, roles, most, used, expires_at, withdrawn_at, made_at"
_log = logging.getLogger(__name__)


class Use(Struct, frozen=True):
    """One PC that a token enrolled, by the name it gave itself."""

    device: str
    name: str
    wards: tuple[str, ...]
    at: str


class BulkToken(Struct, frozen=True, kw_only=True):
    """``most``: devices it is good for (0: any number); ``until``: its end ("": none). The token itself is told once, when it is
    made, and not kept."""

    id: str
    wards: tuple[str, ...]
    officer: str
    organisation: str
    roles: tuple[str, ...]
    most: int
    used: int
    until: str
    withdrawn_at: str
    made_at: str
    uses: tuple[Use, ...] = ()


class Taken(Struct, frozen=True):
    """What a use of a token gives. ``device``: the one that an earlier attempt of the same PC was given."""

    token_id: str
    officer: str
    wards: list[str]
    roles: str
    device: str | None


def is_bulk(bare: str) -> bool:
    return len(bare) == len(_MARK) + LENGTH and bare.startswith(_MARK)


class BulkTokens:
    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def make(  # noqa: PLR0917 - the row's own columns
        self,
        wards: Sequence[str],
        officer: str,
        organisation: str,
        roles: Sequence[str],
        most: int,
        until: datetime | None,
    ) -> tuple[str, str]:
        """(its id, the token). ``roles`` are those of the catalogue."""
        bare = _MARK + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        token_id = "".join(secrets.choice(ALPHABET) for _ in range(_ID_LENGTH))
        encode = msgspec.json.encode
        row = (
            token_id, token_hash(bare), officer, organisation, encode(list(dict.fromkeys(wards))).decode(),
            encode(list(roles)).decode(), most, 0, moment_text(until) if until else "", "", moment_text(self._clock.now()),
        )  # fmt: skip
        with self._storage.write() as session:
            session.insert("bulk_tokens", [row])
        return token_id, "-".join(bare[at : at + 4] for at in range(0, len(bare), 4))

    def take(self, session: Session, bare: str, request: EnrolRequest) -> Taken:
        """One use, inside the transaction that makes the device. Raises RefusedError, and then nothing was used."""
        now = moment_text(self._clock.now())
        sql = f"SELECT {_COLUMNS} FROM bulk_tokens WHERE token_hash = ?"
        row = session.one(sql, token_hash(bare))
        if row is None:
            raise _refused("Mã đăng ký hàng loạt không đúng.", "The bulk token is wrong.")
        token = _token(row)
        if token.withdrawn_at:
            raise _refused("Mã đăng ký hàng loạt đã bị thu hồi.", "The bulk token was withdrawn.")
        if token.until and token.until <= now:
            raise _refused(
                f"Mã đăng ký hàng loạt đã hết hạn ngày {token.until[:10]}.",
                f"The bulk token ended on {token.until[:10]}.",
            )
        wards = _chosen(token, request)
        before = self._before(session, token.id, request)
        if before is None and not session.run(
            "UPDATE bulk_tokens SET used = used + 1 WHERE id = ? AND (most = 0 OR used < most)", token.id
        ):
            raise _refused(
                f"Mã đăng ký hàng loạt đã dùng đủ {token.most} máy.",
                f"The bulk token was used for all its {token.most} devices.",
            )
        # the same name in the same office is the same person, as with a code of one's own
        officer = derived_id("officer", token.organisation or ",".join(sorted(wards)), token.officer)
        session.upsert("officers", [(officer, token.officer, token.organisation)])
        return Taken(token.id, officer, wards, msgspec.json.encode(list(token.roles)).decode(), before)

    def note(self, session: Session, taken: Taken, request: EnrolRequest, device: str) -> None:
        """After the device was made, in the same transaction."""
        attempt = token_hash(request.attempt) if request.attempt else ""
        name = request.device_name.replace("\0", "")[:200]
        wards = msgspec.json.encode(taken.wards).decode()
        row = (taken.token_id, device, attempt, name, wards, moment_text(self._clock.now()))
        session.upsert("bulk_uses", [row])
        _log.info("bulk token %s enrolled device %s in %s", taken.token_id, device, ", ".join(taken.wards))

    def all(self) -> tuple[BulkToken, ...]:
        """All there were, newest first, with the devices each enrolled."""
        with self._storage.read() as session:
            rows = session.all(f"SELECT {_COLUMNS} FROM bulk_tokens ORDER BY made_at DESC, id")
            used = session.all("SELECT token, device, name, wards, at FROM bulk_uses ORDER BY at, device")
        uses: dict[str, list[Use]] = {}
        for token_id, device, name, wards, at in used:
            uses.setdefault(token_id, []).append(
                Use(device, name, msgspec.json.decode(wards, type=tuple[str, ...]), at)
            )
        return tuple(msgspec.structs.replace(_token(row), uses=tuple(uses.get(row[0], ()))) for row in rows)

    def withdraw(self, named: str) -> BulkToken:
        """By its id or by the token itself; what it enrolled stays enrolled. Raises RefusedError where there is none."""
        bare = "".join(c for c in named.upper() if c.isalnum())
        with self._storage.write() as session:
            row = session.one(
                f"SELECT {_COLUMNS} FROM bulk_tokens WHERE id = ? OR token_hash = ?", bare, token_hash(bare)
            )
            if row is None:
                raise RefusedError(
                    404, "no_token", f"Không có mã hàng loạt {named}.", f"There is no bulk token {named}."
                )
            token = _token(row)
            if not token.withdrawn_at:
                now = moment_text(self._clock.now())
                session.run("UPDATE bulk_tokens SET withdrawn_at = ? WHERE id = ?", now, token.id)
                token = msgspec.structs.replace(token, withdrawn_at=now)
                _log.info("bulk token %s was withdrawn", token.id)
        return token

    def _before(self, session: Session, token_id: str, request: EnrolRequest) -> str | None:
        """The device of the same attempt, whose answer was lost on the way: it takes no further use."""
        if not request.attempt:
            return None
        row = session.one(
            "SELECT device FROM bulk_uses WHERE token = ? AND attempt = ?", token_id, token_hash(request.attempt)
        )
        return str(row[0]) if row else None


def _token(row: Row) -> BulkToken:
    token_id, officer, organisation, wards, roles, most, used, until, withdrawn_at, made_at = row
    return BulkToken(
        id=token_id,
        wards=msgspec.json.decode(wards, type=tuple[str, ...]),
        officer=officer,
        organisation=organisation,
        roles=msgspec.json.decode(roles, type=tuple[str, ...]),
        most=int(most),
        used=int(used),
        until=until,
        withdrawn_at=withdrawn_at,
        made_at=made_at,
    )


def _chosen(token: BulkToken, request: EnrolRequest) -> list[str]:
    """The wards of the token that the PC names; it need not where there is one. Raises RefusedError."""
    if not request.wards and len(token.wards) > 1:
        raise RefusedError(
            409,
            "which_ward",
            'Mã này dùng cho nhiều phường: ghi wards = ["…"] trong rollout.toml của máy. Các phường: '
            + ", ".join(token.wards),
            'This token is for several wards: name the PC\'s in its rollout.toml, wards = ["…"]. They are: '
            + ", ".join(token.wards),
        )
    return [ward for ward in token.wards if not request.wards or ward in request.wards]


def _refused(vi: str, en: str) -> RefusedError:
    return RefusedError(403, "bad_code", f"{vi} Báo bộ phận CNTT.", f"{en} Tell IT support.")
