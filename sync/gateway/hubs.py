"""The wards' hubs as the city sees them: which there are, what a PC is told of them, and what each may copy.

A hub is a device whose grants hold ``HUB_ROLE``. That role opens no stream: the token of a hub reads no record by itself and
sends no change. It gets the log of its wards' open streams in signed pages, files and packs, to relay as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

import msgspec
import zstandard
from msgspec import Struct

from sync.clock import Clock, moment_text
from sync.gateway.access import Device, Grant, trust_no_more
from sync.gateway.city_keys import city_keys
from sync.gateway.feed import Feed, WirePull
from sync.gateway.hub_authority import Authority, authority
from sync.gateway.refusals import RefusedError, bad_request, not_granted
from sync.gateway.storage import Storage
from sync.hub.messages import (
    FROM_NOW,
    HUB_ROLE,
    PAGE_MARK,
    CertificateAnswer,
    CertificateRequest,
    LogAnswer,
    LoggedFile,
    LogRequest,
    SignedPage,
    WardDevice,
    hub_name,
)
from sync.protocol import HubTrust, PackOffer, PullRequest

_ROLES = msgspec.json.encode([HUB_ROLE]).decode()
_IN_WARDS = (
    "SELECT g.device, g.ward FROM grants g JOIN devices d ON d.id = g.device "
    f"WHERE g.roles = '{_ROLES}' AND d.suspended = '' AND g.ward = ANY(?) ORDER BY g.ward, g.device"
)
REMEMBERED = 60.0  # seconds for which the wards' hubs are not asked for again
_PAGE = 500  # records
_LARGEST = 4 * 1024 * 1024  # bytes of pages in one answer, about
_FILES = 200  # names in one answer


class _WireLogPage(Struct, kw_only=True):
    """``messages.LogPage`` with fields as stored."""

    ward: str
    scope: str
    epoch: str
    after: int
    page: WirePull


class Hubs:
    def __init__(self, storage: Storage, clock: Clock, scopes_of: Callable[[Iterable[str]], frozenset[str]]) -> None:
        """``scopes_of``: what roles open."""
        self._storage = storage
        self._scopes_of = scopes_of
        self._clock = clock
        self._feed = Feed(storage)
        self._told: dict[tuple[str, ...], tuple[float, HubTrust | None]] = {}
        self._signs: tuple[float, Authority, bytes] | None = None

    def trust(self, wards: Sequence[str]) -> HubTrust | None:
        """What devices of these wards are told; at most a minute old."""
        key, now = tuple(wards), self._clock.now().timestamp()
        at, told = self._told.get(key, (now - 2 * REMEMBERED, None))
        if not 0 <= now - at < REMEMBERED:
            told = self._trust(key)
            if len(self._told) > 20_000:
                self._told.clear()
            self._told[key] = (now, told)
        return told

    def _trust(self, wards: Sequence[str]) -> HubTrust | None:
        names = [hub_name(device, ward) for device, ward in self._storage.once(_IN_WARDS, list(wards))]
        if not names:
            return None
        issuer, public = self._keys()
        return HubTrust(ca=issuer.pem, names=tuple(names), key=public)

    def _keys(self) -> tuple[Authority, bytes]:
        """The authority and what the log is signed with; at most a minute old, since an operator may set another."""
        now = self._clock.now()
        if self._signs is None or not 0 <= now.timestamp() - self._signs[0] < REMEMBERED:
            issuer = authority(self._storage, now)
            self._signs = (now.timestamp(), issuer, city_keys(self._storage).public.sign)
        return self._signs[1:]

    def forget(self) -> None:
        """The authority may be another one now."""
        self._signs = None
        self._told.clear()

    def wards_of(self, device: Device) -> tuple[str, ...]:
        """The wards whose hub this device is. Raises RefusedError (403): of none, or it is suspended."""
        mine = tuple(g.ward for g in device.grants if g.officer.roles == (HUB_ROLE,))
        rows = self._storage.once("SELECT suspended FROM devices WHERE id = ?", device.id) if mine else []
        if not rows or rows[0][0]:
            raise not_granted(
                "Máy này không phải máy trung gian của phường nào, hoặc đã bị thu hồi.",
                "This device is no ward's hub, or was withdrawn.",
            )
        return mine

    def certificate(self, device: Device, request: CertificateRequest) -> CertificateAnswer:
        """Raises RefusedError (400, 403)."""
        wards = self.wards_of(device)
        issuer = authority(self._storage, self._clock.now())
        certificate = issuer.issue(request.request, device.id, wards, self._clock.now())
        return CertificateAnswer(certificate=certificate, ca=issuer.pem, trust=_mark(issuer, wards))

    def reader(self, device: Device, scopes: Iterable[str]) -> Device:
        """The device with the streams it copies, for reading files alone. Raises RefusedError (403)."""
        opened = frozenset(scopes)
        wards = set(self.wards_of(device))
        return Device(device.id, tuple(Grant(g.officer, g.ward, opened) for g in device.grants if g.ward in wards))

    def log(
        self, device: Device, request: LogRequest, *, scopes: Sequence[str], epoch: str, offer: PackOffer | None
    ) -> LogAnswer:
        """What is new in the streams a hub copies. Raises RefusedError (400, 403)."""
        wards = self.wards_of(device)
        streams = [(ward, scope) for ward in wards for scope in scopes]
        asked = {(place.ward, place.scope): place.cursor for place in request.places}
        if not asked.keys() <= set(streams) or min(asked.values(), default=0) < FROM_NOW:
            raise bad_request("Yêu cầu sao sổ không đúng.", "A place is of no stream of this hub, or before its start.")
        pages: list[SignedPage] = []
        size, more = 0, False
        for (ward, scope), after in asked.items():
            if size > _LARGEST:
                more = True
                break
            page = self._page(ward, scope, after, epoch)
            if page is not None:
                pages.append(page)
                size += len(page.body)
                more = more or self._feed.head(ward, scope) > page.cursor
        issuer, _ = self._keys()
        devices, devices_mark = self._devices(wards)
        return LogAnswer(
            epoch=epoch,
            time=moment_text(self._clock.now()),
            streams=tuple(streams),
            pages=tuple(pages),
            more=more,
            files=self._files(streams, request.files_after) if request.files_after else (),
            offer=offer,
            trust=_mark(issuer, wards),
            devices=None if devices_mark == request.devices else devices,
            devices_mark=devices_mark,
        )

    def _devices(self, wards: Sequence[str]) -> tuple[tuple[WardDevice, ...], bytes]:
        rows = self._storage.once(
            "SELECT d.token_hash, d.id, g.ward, g.roles FROM grants g JOIN devices d ON d.id = g.device "
            "WHERE g.ward = ANY(?) ORDER BY d.id, g.ward, g.officer",
            list(wards),
        )
        streams: dict[tuple[str, str], set[tuple[str, str]]] = {}
        for token, device, ward, roles in rows:
            opened = self._scopes_of(msgspec.json.decode(roles, type=tuple[str, ...]))
            streams.setdefault((token, device), set()).update((ward, scope) for scope in opened)
        devices = tuple(WardDevice(*key, tuple(sorted(found))) for key, found in streams.items() if found)
        return devices, hashlib.sha256(msgspec.msgpack.encode(devices)).digest()[:8]

    def _page(self, ward: str, scope: str, after: int, epoch: str) -> SignedPage | None:
        """None: nothing is new. A cursor beyond the head is from before a restore: as if the hub began now."""
        head = self._feed.head(ward, scope)
        if after == head:
            return None
        begins = after == FROM_NOW or after > head
        start = head if begins else after
        pull = self._feed.pull(PullRequest(ward=ward, scope=scope, cursor=start, limit=_PAGE), epoch)
        encoded = msgspec.msgpack.encode(_WireLogPage(ward=ward, scope=scope, epoch=epoch, after=start, page=pull))
        body = zstandard.ZstdCompressor(level=6).compress(encoded)
        return SignedPage(
            ward=ward,
            scope=scope,
            epoch=epoch,
            after=start,
            cursor=pull.cursor,
            body=body,
            signature=city_keys(self._storage).signer().sign(PAGE_MARK + body),
        )

    def _files(self, streams: Sequence[tuple[str, str]], after: str) -> tuple[LoggedFile, ...]:
        rows = self._storage.once(
            "SELECT ward, scope, sha256, size, at FROM files WHERE ward = ANY(?) AND at >= ? ORDER BY at, sha256 LIMIT ?",
            list({ward for ward, _ in streams}),
            after,
            _FILES,
        )
        known = set(streams)
        return tuple(LoggedFile(*row) for row in rows if (row[0], row[1]) in known)


def _mark(issuer: Authority, wards: Sequence[str]) -> bytes:
    return hashlib.sha256("\0".join([issuer.pem, *wards]).encode()).digest()[:8]


def list_hubs(storage: Storage) -> list[tuple[str, str, str, str]]:
    """(device, ward, its name, when the city first heard of it on the latest day it did: "" never) of all there are."""
    return [
        (row[0], row[1], row[2], row[3])
        for row in storage.once(
            "SELECT g.device, g.ward, d.name, coalesce(s.at, '') FROM grants g JOIN devices d ON d.id = g.device "
            f"LEFT JOIN device_seen s ON s.device = d.id WHERE g.roles = '{_ROLES}' ORDER BY g.ward, g.device"
        )
    ]


def withdraw(storage: Storage, device: str) -> None:
    """Its token and its certificates are worth nothing from now on. Raises RefusedError (404)."""
    with storage.write() as session:
        if not session.one(f"SELECT 1 FROM grants WHERE device = ? AND roles = '{_ROLES}'", device):
            raise RefusedError(404, "no_hub", f"Không có máy trung gian {device}.", f"There is no hub {device}.")
        trust_no_more(session, device)


__all__ = ["Hubs", "list_hubs", "withdraw"]
