"""``backup``: an encrypted copy of this PC's registers in a folder; ``restore``: one of them put back."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from desktop.backups import Outcome, Target, back_up, read_targets
from desktop.commands.desk import Desk
from desktop.commands.errors import BAD_STATE, CommandError, one_line
from desktop.commands.parser import Parser
from desktop.lasting_notices import keep_restored
from desktop.settings import load_settings
from forms.label import Label
from sync.clock import local_text, moment_text
from sync.long_paths import shown


def arguments(parser: Parser, verb: str) -> None:
    say = parser.say
    parser.set_defaults(verb=verb)
    if verb == "restore":
        parser.add_argument(
            "file", metavar=say("BẢN_SAO", "BACKUP"), help=say("thư mục SoPhuong-… hoặc tệp trong đó", "its folder")
        )
        parser.add_argument(
            "--key",
            metavar=say("MÃ", "CODE"),
            help=say(
                "mã khôi phục do thành phố cấp (gateway recovery-key), khi máy cũ đã mất",
                "the city's recovery code (gateway recovery-key), where the PC is gone",
            ),
        )
        return
    parser.add_argument(
        "--to",
        action="append",
        default=[],
        metavar=say("THƯ_MỤC", "FOLDER"),
        help=say("vào thư mục này (mặc định: các thư mục đã đặt)", "into this folder (default: those that are set)"),
    )
    parser.add_argument("--keep", type=int, metavar="N", help=say("giữ N bản mới nhất (7)", "keep the newest N (7)"))
    parser.add_argument("--status", action="store_true", help=say("chỉ xem", "only look"))


def run(desk: Desk, given: argparse.Namespace) -> int:
    return _restore(desk, given) if given.verb == "restore" else _backup(desk, given)


def _backup(desk: Desk, given: argparse.Namespace) -> int:
    settings = load_settings(desk.folder)
    folders = [str(Path(folder).expanduser().absolute()) for folder in given.to] or list(settings.backup_to)
    if given.status:
        return _status(desk, folders)
    if not folders:
        raise CommandError(
            "Chưa đặt thư mục sao lưu nào: thêm --to THƯ_MỤC.", "No backup folder is set: give one with --to FOLDER."
        )
    if given.keep is not None and given.keep < 1:
        raise CommandError("--keep ít nhất là 1.", "--keep is at least 1.", code=2)
    outcomes = back_up(desk.store, folders, given.keep or settings.backup_keep)
    failed = [each for each in outcomes if each.error is not None]
    if desk.as_json:
        desk.put_json({"made": [e.made for e in outcomes if e.made], "failed": [_told(e, desk) for e in failed]})
    for each in outcomes:
        if each.made is not None:
            where, size = shown(each.made.folder), each.made.size / 1_000_000
            desk.say(
                f"Đã sao lưu {each.made.records} bản ghi ({size:.1f} MB, đã đọc lại kiểm tra) vào {where}.",
                f"Backed up {each.made.records} records ({size:.1f} MB, read back and checked) to {where}.",
            )
    for each in failed:
        assert each.error is not None  # noqa: S101 - that is what failed means
        sys.stderr.write(one_line(each.error, desk.language)[0] + "\n")
    return BAD_STATE if failed else 0


def _told(outcome: Outcome, desk: Desk) -> dict[str, Any]:
    error = outcome.error
    return {"folder": outcome.folder, "code": error.code if error else "", "message": str(error)}


def _status(desk: Desk, folders: list[str]) -> int:
    from sync.store.backup import list_backups

    known = read_targets(desk.folder)
    rows = []
    for folder in dict.fromkeys([*folders, *known]):
        target = known.get(folder, Target())
        rows.append((folder, target, list_backups(Path(folder), target.device)))
    if desk.as_json:
        told = [{"folder": f, "good_at": t.good_at, "trouble": t.trouble, "backups": found} for f, t, found in rows]
        desk.put_json({"targets": told})
        return 0
    never = desk.label(Label("chưa lần nào", "never"))
    for folder, target, found in rows:
        desk.line(f"{folder}  {local_text(target.good_at) or never}  {target.trouble}".rstrip())
        for each in found:
            desk.line(
                f"    {local_text(each.at)}  {each.size / 1_000_000:8.1f} MB  {each.records}  {shown(each.folder)}"
            )
    if not rows:
        desk.say("Chưa đặt thư mục sao lưu nào.", "No backup folder is set.")
    return 0


def _restore(desk: Desk, given: argparse.Namespace) -> int:
    from sync.bundle.recovery import key_of_code
    from sync.store import vault
    from sync.store.backup import read_backup
    from sync.store.restoring import FORMER, key_of_backup, restore_backup, stands_apart, unsent_here

    about = read_backup(Path(given.file))
    now = desk.clock.now()
    unsent = 0
    if given.key:
        key = key_of_code(_code(given.key))
        if key is None:
            raise CommandError("Mã khôi phục không đúng: gõ lại cả mã.", "The recovery code is wrong: type it again.")
        if desk.passphrase is None and not vault.vault_works():
            raise CommandError(
                "Máy này không có kho khóa của hệ điều hành: đặt câu mật khẩu vào biến SOPHUONG_PASSPHRASE rồi chạy lại.",
                "This system has no key vault: set a passphrase in SOPHUONG_PASSPHRASE and run again.",
            )
        unsent = unsent_here(desk.folder, key)  # where the vault alone was lost, the store that stands here opens too
        restore_backup(about.path, desk.folder, key, now, own_vault=False, passphrase=desk.passphrase)
    else:
        try:
            key = key_of_backup(about.path, desk.folder, desk.passphrase)
        except Exception as error:
            raise CommandError(
                f"Không có khóa mở bản sao này: {one_line(error, 'vi')[0]} Gửi tệp recovery-key.json cạnh nó cho thành phố "
                "để nhận mã, rồi chạy lại với --key MÃ.",
                f"No key opens this backup: {one_line(error, 'en')[0]} Send the recovery-key.json beside it to the city for "
                "a code, and run again with --key CODE.",
            ) from error
        unsent = unsent_here(desk.folder, key)
        restore_backup(about.path, desk.folder, key, now)
    apart = shown(max((desk.folder / FORMER).iterdir())) if unsent else ""  # named by the moment
    keep_restored(desk.folder, moment_text(now), unsent, apart)
    if desk.as_json:
        desk.put_json({"restored": about, "former": stands_apart(desk.folder), "unsent": unsent})
    desk.say(
        f"Đã khôi phục {about.records} bản ghi của {local_text(about.at) or about.path.name}. Dữ liệu trước đó để ở "
        f"{stands_apart(desk.folder)}. Hãy đồng bộ, rồi đăng ký lại máy bằng mã mới: đến lúc đó máy chưa cấp số.",
        f"Restored {about.records} records of {local_text(about.at) or about.path.name}. What was there before is in "
        f"{stands_apart(desk.folder)}. Sync, then enrol again with a new code: until then this PC gives no numbers.",
    )
    if unsent:
        desk.say(
            f"! Dữ liệu vừa thay ra còn {unsent} thay đổi chưa gửi. Gửi chúng trước khi đăng ký lại: "
            f'sophuong --profile "{apart}" sync',
            f"! What was replaced holds {unsent} unsent changes. Send them before you enrol again: "
            f'sophuong --profile "{apart}" sync',
        )
    return 0


def _code(text: str) -> str:
    """The code itself, or a file that holds it."""
    path = Path(text)
    try:
        return path.read_text(encoding="utf-8-sig").strip() if path.is_file() else text
    except (OSError, ValueError):
        return text
