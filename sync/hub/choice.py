"""Which hub this PC asks while the city is out of reach: whichever is found, one by its address, or none; and what the city
said of whom it may believe."""

from __future__ import annotations

from base64 import b64decode, b64encode
from contextlib import suppress
from typing import Any, Literal

from msgspec import Struct

from sync.protocol import HubTrust, SyncError
from sync.store import Store

HUB, HUB_TRUST = "hub", "hub_trust"
"""Where the store keeps the choice, and what the city said."""
AUTO, OFF = "auto", "off"
Mode = Literal["auto", "off", "address"]


class HubChoice(Struct, frozen=True):
    """``url``: in mode "address"."""

    mode: Mode = "auto"
    url: str = ""


def choice(store: Store, office: str = "") -> HubChoice:
    """``office``: what the office set for its PCs, which goes over what was chosen here."""
    if office:
        with suppress(SyncError):
            return _meant(office)
    known = store.meta(HUB)
    if not isinstance(known, dict):
        return HubChoice()
    url = str(known.get("url") or "")
    mode: Mode = known.get("mode") or ("address" if url else "auto")
    return HubChoice(mode, url)


def choose(store: Store, wanted: str) -> HubChoice:
    """ "auto": found by itself; "off"; else an address such as ``https://192.168.1.20:8621``. Raises SyncError "bad_url"."""
    made = _meant(wanted)
    if made != choice(store):
        store.set_meta(HUB, {"mode": made.mode, "url": made.url})
    return made


def _meant(wanted: str) -> HubChoice:
    if wanted in (AUTO, OFF):
        return HubChoice("off" if wanted == OFF else "auto")
    return HubChoice("address", hub_url(wanted))


def hub_url(url: str) -> str:
    """Only over TLS, also within this machine: a hub without the city's certificate is none. Raises SyncError."""
    from sync.http_line import checked_url

    if not url.startswith("https://"):
        raise SyncError(
            "bad_url",
            f"Địa chỉ máy trung gian có dạng https://TÊN-HOẶC-IP:8621, không phải: {url}",
            retry=False,
            english=f"A hub's address is https://NAME-OR-IP:8621, not {url}",
        )
    return checked_url(url)


def note_trust(store: Store, trust: HubTrust | None) -> None:
    """What the city says now."""
    told: dict[str, Any] | None = None
    if trust is not None:
        told = {"ca": trust.ca, "names": list(trust.names), "key": b64encode(trust.key).decode()}
    if store.meta(HUB_TRUST) != told:
        store.set_meta(HUB_TRUST, told)


def trusted(store: Store) -> HubTrust | None:
    """What the city said last; None: it named no hub."""
    told = store.meta(HUB_TRUST)
    if not told:
        return None
    return HubTrust(ca=told["ca"], names=tuple(told["names"]), key=b64decode(told["key"]))
