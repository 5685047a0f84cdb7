"""``enrol``: makes this profile a device of a ward, or adds an officer to the device it already is."""

from __future__ import annotations

import argparse
import platform
import tempfile
from typing import TYPE_CHECKING

from msgspec import structs

from desktop.commands.desk import Desk
from desktop.commands.errors import CommandError
from desktop.commands.parser import Parser

if TYPE_CHECKING:
    from sync.protocol import EnrolAnswer, Officer
    from sync.store.model import Enrolment

_SMALLEST_STORE = 1024 * 1024  # bytes an empty store takes with its journal, and a little more


def arguments(parser: Parser, verb: str) -> None:
    parser.add_argument("--url", required=True, help=parser.say("địa chỉ của thành phố", "the city's address"))
    parser.add_argument("--code", required=True, help=parser.say("mã đăng ký được cấp", "the enrolment code given out"))
    parser.add_argument(
        "--device",
        default=platform.node() or "PC",
        metavar=parser.say("TÊN", "NAME"),
        help=parser.say("tên máy (mặc định: tên máy tính)", "the device's name (default: the computer's)"),
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    answer = enrol_desk(desk, given.url, given.code, given.device)
    if desk.as_json:
        desk.put_json(
            {"device": answer.device, "wards": answer.wards, "officer": answer.officer, "profile": str(desk.folder)}
        )
    wards = ", ".join(f"{name} ({code})" for code, name in answer.wards.items())
    desk.say(
        f"Đã đăng ký máy {answer.device}: {wards}; cán bộ {answer.officer.name}.",
        f"Enrolled as device {answer.device}: {wards}; officer {answer.officer.name}.",
    )
    return 0


def enrol_desk(desk: Desk, url: str, code: str, device: str) -> EnrolAnswer:
    """Trade the code and keep the answer; the store is made at the first enrolment.

    Enrolling again keeps all unsent work; another ward is refused while any remains, since nobody could send it then.
    Raises SyncError, StoreError and CommandError.
    """
    from sync.http import enrol
    from sync.protocol import SyncError

    known = _known(desk)
    if known is None:
        _check_key_place(desk)  # before the code, which works once, is spent
        answer = enrol(url, code, device, language=desk.language)
        _create_store(desk)
        _keep(desk, url, answer, ())
        return answer
    try:
        answer = enrol(url, code, device, token=known.token, wards=tuple(known.wards), language=desk.language)
    except SyncError as error:
        if error.code != "other_ward":
            raise
        _refuse_while_unsent(desk, known)
        answer = enrol(url, code, device, language=desk.language)
        _put_aside(desk, known)
        _create_store(desk)
        _keep(desk, url, answer, ())
        return answer
    _keep(desk, url, answer, tuple(o for o in known.officers if o.id != answer.officer.id))
    return answer


def _check_key_place(desk: Desk) -> None:
    """Whether the store and its key can be put away. Raises CommandError."""
    from sync.store import vault

    try:
        desk.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=desk.folder) as probe:
            probe.write(bytes(_SMALLEST_STORE))
    except OSError as error:
        raise CommandError(
            f"Không lưu được gì vào {desk.folder} ({error.strerror}); chưa dùng đến mã đăng ký.",
            f"Nothing can be stored in {desk.folder} ({error.strerror}); the code was not used.",
        ) from error
    if desk.passphrase is None and not _has_store(desk) and not vault.vault_works():
        raise CommandError(
            "Máy này không có kho khóa của hệ điều hành: đặt câu mật khẩu vào biến SOPHUONG_PASSPHRASE rồi chạy lại.",
            "This system has no key vault: set a passphrase in SOPHUONG_PASSPHRASE and run again.",
        )


def _has_store(desk: Desk) -> bool:
    return (desk.folder / "vault.json").exists() and (desk.folder / "store.db").exists()


def _keep(desk: Desk, url: str, answer: EnrolAnswer, others: tuple[Officer, ...]) -> None:
    """Write the enrolment; the officer enrolled last is the one at work until another signs in."""
    from desktop.settings import load_settings, save_settings
    from sync.pack_use import PACK_KEYS
    from sync.store.model import Enrolment

    desk.store.set_enrolment(
        Enrolment(
            url=url.rstrip("/"),
            token=answer.token,
            device=answer.device,
            wards=answer.wards,
            officers=(*others, answer.officer),
            epoch=answer.epoch,
        )
    )
    if answer.pack_keys:
        desk.store.set_meta(PACK_KEYS, answer.pack_keys)
    save_settings(desk.folder, structs.replace(load_settings(desk.folder), last_officer=answer.officer.id))


def _known(desk: Desk) -> Enrolment | None:
    """The enrolment this profile has; None where there is none yet."""
    return desk.store.enrolment if _has_store(desk) else None


def _refuse_while_unsent(desk: Desk, known: Enrolment) -> None:
    waiting = desk.store.overview(desk.clock.now()).waiting
    if waiting:
        ward = ", ".join(known.wards.values())
        raise CommandError(
            f"Máy này còn {waiting} thay đổi của {ward} chưa gửi. Đồng bộ trước rồi mới chuyển sang phường khác.",
            f"This device still has {waiting} unsent changes of {ward}. Sync first, then move to another ward.",
        )


def _put_aside(desk: Desk, known: Enrolment) -> None:
    """Everything of the former ward is at the city; its encrypted store is kept apart, so that the new ward's officers
    do not see it."""
    desk.close()
    stamp = desk.clock.now().strftime("%Y%m%d%H%M%S")
    apart = desk.folder / "former" / f"{known.ward}-{stamp}"
    apart.mkdir(parents=True)
    for path in list(desk.folder.iterdir()):
        if path.name not in ("former", "settings.json"):
            path.rename(apart / path.name)


def _create_store(desk: Desk) -> None:
    """A store and its key; one left over from an enrolment that broke off is used as it is."""
    from sync.store import Store, vault

    if _has_store(desk):
        return
    desk.folder.mkdir(parents=True, exist_ok=True)
    key = vault.create_key(desk.folder, desk.passphrase)
    desk.take_store(Store.create(desk.folder, key, desk.catalog, desk.clock))
