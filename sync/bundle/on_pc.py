"""A PC's side of bundles: its outbox out to a file, the city's answer in from one.

What is written into a bundle stays in the outbox until the city's answer to it is taken, so that a lost stick loses nothing.
What an answer brings goes the way of any sync: results settle changes by their ids, pages move cursors; the same twice, or
in another order, finds nothing left to do.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from sync.bundle.errors import BundleError
from sync.bundle.keys import Keys, PublicKeys, keys_of_text, new_keys, public_of_text
from sync.bundle.outgoing import Outgoing
from sync.bundle.seal import Header, SealedFile, read_header, write_sealed
from sync.bundle.taking import Imported, Taking
from sync.clock import moment_text
from sync.ids import IdSource
from sync.lock import SyncLock
from sync.store import Store
from sync.store.model import Enrolment

KEYS, CITY_KEYS = "bundle_keys", "city_bundle_keys"
"""Where the store keeps this device's private keys and the city's public ones."""
_LAST_OUT, _TAKEN = "bundle_out", "bundles_taken"
_TAKEN_KEPT = 200


class Exported(Struct, frozen=True, kw_only=True):
    """A bundle that was written. ``size`` in bytes; ``files_left``: files that did not fit; ``hand_overs``: ids of
    those it tells of."""

    bundle: str
    path: str
    at: str
    changes: int
    files: int = 0
    files_left: int = 0
    size: int = 0
    hand_overs: tuple[str, ...] = ()


def device_keys(store: Store | None) -> Keys:
    """The keys this store's device has, or new ones where it has none yet."""
    known = store.meta(KEYS) if store is not None else None
    return keys_of_text(known) if known else new_keys()


def keep_keys(store: Store, keys: Keys, city: str) -> None:
    """After an enrolment in which the city was told ``keys.public`` and answered with its own."""
    if public_of_text(city) is not None:
        store.set_meta(KEYS, keys.text)
        store.set_meta(CITY_KEYS, city)


def last_export(store: Store) -> Exported | None:
    """The bundle that was written last, while its answer has not come."""
    known = store.meta(_LAST_OUT)
    return msgspec.convert(known, Exported) if known else None


def export_bundle(store: Store, path: Path, *, files_bytes: int = 0) -> Exported:
    """Write what waits for the city; with it, files of at most ``files_bytes`` together. Raises BundleError, OSError."""
    enrolment, keys, city = _parties(store)
    at = moment_text(store.clock.now())
    header = Header(
        kind="city", bundle=IdSource(store.clock).new(), device=enrolment.device, wards=tuple(enrolment.wards),
        city=city.mark, at=at,
    )  # fmt: skip
    _offer_what_is_gone(store)
    outgoing = Outgoing(store, enrolment, files_bytes)
    size = write_sealed(path, header, outgoing.sections(), keys, city)
    exported = Exported(
        bundle=header.bundle, path=str(path), at=at, changes=outgoing.changes, files=outgoing.files,
        files_left=outgoing.files_left, size=size, hand_overs=outgoing.hand_overs,
    )  # fmt: skip
    store.set_meta(_LAST_OUT, msgspec.to_builtins(exported))
    return exported


def _offer_what_is_gone(store: Store) -> None:
    """What a restored city lost, and nobody has brought back in days, as at the beginning of a sync."""
    from sync.engine import OFFERED_ANEW_AFTER  # a start carries no stick

    since = store.clock.now() - OFFERED_ANEW_AFTER
    store.changes.offer_missing(since)
    store.changes.tell_held(since)


def import_bundle(store: Store, path: Path) -> Imported:
    """Take the city's answer. Raises BundleError (and then nothing was changed), SyncError "busy", OSError."""
    enrolment, keys, city = _parties(store)
    _check_header(read_header(path), enrolment, city)
    with SyncLock(store.path), SealedFile(path, keys, city) as sealed:
        taken: list[str] = store.meta(_TAKEN, [])
        if sealed.header.bundle in taken:
            return Imported(at=sealed.header.at, again=True, waiting=_waiting(store))
        out = last_export(store)
        answered = out if out is not None and out.bundle == sealed.header.answers else None
        report = Taking(store, sealed, answered.hand_overs if answered else ()).run()
        store.set_meta(_TAKEN, [*taken, sealed.header.bundle][-_TAKEN_KEPT:])
        if answered is not None:
            store.set_meta(_LAST_OUT, None)
        store.indexing.run()
        store.changes.checkpoint()
    report.waiting = _waiting(store)
    return report


def _waiting(store: Store) -> int:
    return len(store.changes.outbox())


def _parties(store: Store) -> tuple[Enrolment, Keys, PublicKeys]:
    """Who writes to whom. Raises BundleError."""
    enrolment = store.enrolment
    if enrolment is None:
        raise BundleError("not_enrolled", "Máy này chưa được đăng ký với thành phố.", "This PC is not enrolled.")
    known, city = store.meta(KEYS), public_of_text(store.meta(CITY_KEYS, ""))
    if not known or city is None:
        raise BundleError(
            "no_keys",
            "Máy này đăng ký từ trước khi có gói USB nên chưa có khóa. Khi có mạng, đăng ký lại bằng mã mới; việc chưa "
            "gửi vẫn giữ nguyên.",
            "This PC enrolled before there were bundles and has no keys. Enrol it again with a new code when there is a "
            "network; unsent work stays.",
        )
    return enrolment, keys_of_text(known), city


def _check_header(header: Header, enrolment: Enrolment, city: PublicKeys) -> None:
    if header.kind != "pc":
        raise BundleError(
            "wrong_kind",
            "Đây là gói gửi lên thành phố. Ở máy này nhập gói trả lời của thành phố.",
            "This bundle is for the city. Here the city's answer is imported.",
        )
    if not set(header.wards) & set(enrolment.wards):
        theirs, ours = ", ".join(header.wards), ", ".join(enrolment.wards)
        raise BundleError(
            "other_ward",
            f"Gói này của phường {theirs}; máy này của phường {ours}.",
            f"This bundle is of ward {theirs}; this PC is of ward {ours}.",
        )
    if header.device != enrolment.device:
        raise BundleError(
            "other_device",
            f"Gói này trả lời cho máy {header.device}; máy này là {enrolment.device}. Nhập nó ở máy {header.device}.",
            f"This bundle answers device {header.device}; this is {enrolment.device}. Import it at {header.device}.",
        )
    if header.city != city.mark:
        raise BundleError(
            "other_city",
            "Gói này do một thành phố (máy chủ) khác làm ra.",
            "This bundle was made by another city's server.",
        )
