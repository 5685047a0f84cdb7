"""``enrol``: makes this profile a device of a ward, or adds an officer to the device it already is."""

from __future__ import annotations

import argparse
import platform
import ssl
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from desktop.commands.desk import Desk
from desktop.commands.errors import CommandError, NoVault, usage_error
from desktop.commands.parser import Parser
from desktop.enrolling import attempt_of, forget_attempt
from desktop.line_settings import CA_FILE, line_settings
from desktop.rollout import read_rollout
from desktop.settings import load_settings

if TYPE_CHECKING:
    from sync.bundle.keys import Keys
    from sync.protocol import EnrolAnswer, Officer
    from sync.store.model import Enrolment

_OF_THE_PC = ("former", "settings.json", "window", "versions", "rollout.toml", "rollout.log", "backups.json")
"""What in a profile is not its ward's: it stays where it is when the PC moves to another one. Locks too."""
_SMALLEST_STORE = 1024 * 1024  # bytes an empty store takes with its journal, and a little more


def arguments(parser: Parser, verb: str) -> None:
    office = parser.say("mặc định: theo rollout.toml", "default: rollout.toml's")
    parser.add_argument("--url", help=parser.say("địa chỉ của thành phố", "the city's address") + f" ({office})")
    parser.add_argument(
        "--code", help=parser.say("mã đăng ký được cấp", "the enrolment code given out") + f" ({office})"
    )
    parser.add_argument(
        "--ward",
        action="append",
        default=[],
        metavar="CODE",
        help=parser.say("phường của máy, khi mã dùng cho nhiều phường", "the PC's ward, where a token is for several"),
    )
    parser.add_argument(
        "--device",
        default=platform.node() or "PC",
        metavar=parser.say("TÊN", "NAME"),
        help=parser.say("tên máy (mặc định: tên máy tính)", "the device's name (default: the computer's)"),
    )

    parser.add_argument(
        "--ca",
        type=Path,
        metavar=parser.say("TỆP", "FILE"),
        help=parser.say(
            "chứng thư gốc của thành phố (PEM), nếu hệ thống chưa có; được giữ lại cho các lần đồng bộ",
            "the city's own certificate authority (PEM), where the system has none; kept for every sync",
        ),
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    office = read_rollout(desk.folder)
    url, code = given.url or office.get("url"), given.code or office.secret
    if not url and code and (known := _known(desk)) is not None:
        url = known.url  # a further officer, or the same PC again: the city is where it was
    if not url or not code:
        raise usage_error(
            "Cần --url và --code, hoặc url và code (token) trong rollout.toml.",
            "--url and --code are wanted, or url and code (token) in rollout.toml.",
        )
    ca = given.ca or (Path(office.get("ca")) if office.get("ca") else None)
    answer = enrol_desk(desk, url, code, given.device, ca, tuple(given.ward or office.get("wards", ())))
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


def enrol_desk(  # noqa: PLR0917 - what is known of a PC that enrols
    desk: Desk, url: str, code: str, device: str, ca: Path | None = None, wards: tuple[str, ...] = ()
) -> EnrolAnswer:
    """Trade the code and keep the answer, and the city's own certificate authority ``ca`` where one is given; the store is
    made at the first enrolment. ``wards``: of those that the code is for, the ones this PC is in (none: all).

    Enrolling again keeps all unsent work; another ward is refused while any remains, since nobody could send it then.
    Raises SyncError, StoreError and CommandError.
    """
    from sync.bundle.on_pc import device_keys
    from sync.http import enrol as enrol_over
    from sync.protocol import SyncError

    authority = _authority(ca)
    known = _known(desk)
    kept = line_settings(desk.folder, load_settings(desk.folder))
    keys = device_keys(desk.store if known else None)
    settings = structs.replace(kept, ca=ca) if ca else kept
    enrol = partial(enrol_over, settings=settings, public_key=keys.public.text)
    if known is None:
        _check_key_place(desk)  # before the code, which works once, is spent
        attempt = attempt_of(desk.folder, url, code)
        answer = enrol(url, code, device, wards=wards, language=desk.language, attempt=attempt)
        _create_store(desk)
        _keep(desk, url, answer, (), keys)
        _keep_authority(desk, authority)
        forget_attempt(desk.folder)
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
        _keep(desk, url, answer, (), keys)
        _keep_authority(desk, authority)
        return answer
    _keep(desk, url, answer, tuple(o for o in known.officers if o.id != answer.officer.id), keys)
    _keep_authority(desk, authority)
    return answer


def _authority(path: Path | None) -> bytes:
    """The certificates in a PEM file; none where there is no file to read. Raises CommandError."""
    if path is None:
        return b""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CommandError(
            f"Không đọc được {path} ({error.strerror}).", f"Cannot read {path} ({error.strerror})."
        ) from error
    try:
        ssl.create_default_context(cadata=content.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise CommandError(
            f"{path} không phải tệp chứng thư PEM.", f"{path} is not a PEM file of certificates."
        ) from error
    return content


def _keep_authority(desk: Desk, content: bytes) -> None:
    if content:
        (desk.folder / CA_FILE).write_bytes(content)


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
        raise NoVault(
            "Máy này không có kho khóa của hệ điều hành: đặt câu mật khẩu vào biến SOPHUONG_PASSPHRASE rồi chạy lại.",
            "This system has no key vault: set a passphrase in SOPHUONG_PASSPHRASE and run again.",
        )


def _has_store(desk: Desk) -> bool:
    return (desk.folder / "vault.json").exists() and (desk.folder / "store.db").exists()


def _keep(desk: Desk, url: str, answer: EnrolAnswer, others: tuple[Officer, ...], keys: Keys) -> None:
    """Write the enrolment; the officer enrolled last is the one at work until another signs in."""
    from desktop.settings import load_settings, save_settings
    from sync.bundle.on_pc import keep_keys
    from sync.pack_use import PACK_KEYS
    from sync.store.model import Enrolment

    desk.store.set_enrolment(Enrolment.of_answer(url.rstrip("/"), answer, others))
    keep_keys(desk.store, keys, answer.bundle_key)
    if answer.pack_keys:
        desk.store.set_meta(PACK_KEYS, answer.pack_keys)
    save_settings(desk.folder, structs.replace(load_settings(desk.folder), last_officer=answer.officer.id))


def _known(desk: Desk) -> Enrolment | None:
    """The enrolment this profile has; None where there is none yet."""
    return desk.store.enrolment if _has_store(desk) else None


def _refuse_while_unsent(desk: Desk, known: Enrolment) -> None:
    statuses = [row.status for row in desk.store.changes.outbox()]
    waiting, files = statuses.count("pending"), len(desk.store.file_queue.all_to_send())
    ward = ", ".join(known.wards.values())
    if waiting or files:
        raise CommandError(
            f"Máy này còn {waiting} thay đổi và {files} tệp của {ward} chưa gửi. Đồng bộ trước rồi mới chuyển sang phường khác.",
            f"This device still has {waiting} unsent changes and {files} unsent files of {ward}. Sync first, then move to "
            "another ward.",
        )
    if statuses:
        raise CommandError(
            f"Thành phố đã trả lại việc của {ward} trên máy này, {len(statuses)} thay đổi chưa được sửa hay bỏ. Xử lý ở trang "
            "“Chờ gửi” trước rồi mới chuyển sang phường khác.",
            f"The city refused work of {ward} on this device; {len(statuses)} changes are neither put right nor given up. "
            "See to them in the outbox, then move to another ward.",
        )


def _put_aside(desk: Desk, known: Enrolment) -> None:
    """Everything of the former ward is at the city; its encrypted store is kept apart, so that the new ward's officers
    do not see it."""
    desk.close()
    stamp = desk.clock.now().strftime("%Y%m%d%H%M%S")
    apart = desk.folder / "former" / f"{known.ward}-{stamp}"
    apart.mkdir(parents=True)
    for path in list(desk.folder.iterdir()):
        if path.name not in _OF_THE_PC and path.suffix != ".lock":
            path.rename(apart / path.name)


def _create_store(desk: Desk) -> None:
    """A store and its key; one left over from an enrolment that broke off is used as it is."""
    from sync.store import Store, vault

    if _has_store(desk):
        return
    desk.folder.mkdir(parents=True, exist_ok=True)
    key = vault.create_key(desk.folder, desk.passphrase)
    desk.take_store(Store.create(desk.folder, key, desk.catalog, desk.clock))
