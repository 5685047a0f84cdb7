"""``files [ID]``: attached files and where they stand; ``fetch-file ID SHA OUT``: one of them, fetched when it is not here."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Literal

from desktop.commands.desk import Desk
from desktop.commands.errors import CommandError
from desktop.commands.parser import Parser
from forms.label import Label
from sync.store.model import FileRow

_STATES = {
    "here": Label("chưa lưu", "not saved"),
    "waiting": Label("chờ gửi", "waits to be sent"),
    "sending": Label("đang gửi {percent} %", "sending, {percent} %"),
    "there": Label("đã ở thành phố", "at the city"),
    "missing": Label("chưa tải về", "not here"),
    "fetching": Label("đang tải {percent} %", "fetching, {percent} %"),
}
_SHORTEST = 6  # digits of a SHA-256 that are enough to name a record's file


def arguments(parser: Parser, verb: str) -> None:
    parser.set_defaults(verb=verb)
    if verb == "fetch-file":
        parser.add_argument("id", metavar="ID", help=parser.say("mã bản ghi", "the record's id"))
        parser.add_argument(
            "sha256",
            metavar="SHA",
            help=parser.say("SHA-256 của tệp, hoặc phần đầu", "the file's SHA-256, or its beginning"),
        )
        parser.add_argument("out", metavar=parser.say("TỆP", "OUT"))
        return
    parser.add_argument(
        "id",
        metavar="ID",
        nargs="?",
        default=None,
        help=parser.say("mã bản ghi (mặc định: tất cả)", "a record's id (default: all)"),
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--missing", action="store_true", help=parser.say("chỉ tệp chưa ở máy này", "only those not on this PC")
    )
    which.add_argument(
        "--open",
        action="store_true",
        help=parser.say("chỉ tệp chưa gửi hoặc chưa ở máy này", "only those not sent or not on this PC"),
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    return _fetch(desk, given) if given.verb == "fetch-file" else _list(desk, given)


def _list(desk: Desk, given: argparse.Namespace) -> int:
    files = desk.store.files
    if given.id is not None:
        rows = files.of(desk.record(given.id).id)
        gone = ("missing", "fetching")
        if given.missing or given.open:
            wanted = gone if given.missing else (*gone, "waiting", "sending")
            rows = tuple(row for row in rows if row.standing.state in wanted)
    else:
        only: Literal["all", "open", "missing"] = "missing" if given.missing else "open" if given.open else "all"
        rows = files.all(desk.seen_of_device, only=only)
    if desk.as_json:
        desk.put_json({"files": [_told(row) for row in rows]})
        return 0
    for row in rows:
        state = desk.label(_STATES[row.standing.state]).format(percent=row.standing.percent)
        desk.line(f"{row.sha256[:12]}  {row.size:>9}  {state:<18}  {row.name}  ({row.title})")
        if row.standing.why:
            desk.line(f"    ! {row.standing.why}")
    if not rows:
        desk.say("Không có tệp nào.", "No files.")
    return 0


def _told(row: FileRow) -> dict[str, Any]:
    standing = row.standing
    return {
        "record_id": row.record_id,
        "type": row.type,
        "sha256": row.sha256,
        "name": row.name,
        "size": row.size,
        "media_type": row.media_type,
        "state": standing.state,
        "percent": standing.percent,
        "here": standing.state not in ("missing", "fetching"),
        "why": standing.why,
    }


def _fetch(desk: Desk, given: argparse.Namespace) -> int:
    row = _named(desk.store.files.of(desk.record(given.id).id), given.sha256)
    content = desk.store.files.read(row.sha256)
    if content is None:
        content = _from_the_city(desk, row)
    out = Path(given.out)
    try:
        out.write_bytes(content)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(f"Không ghi được {out}: {reason}", f"Cannot write {out}: {reason}") from error
    if desk.as_json:
        desk.put_json({**_told(row), "state": "there", "percent": 0, "here": True, "why": "", "file": str(out)})
    desk.say(f"Đã ghi {row.name} ra {out}.", f"{row.name} written to {out}.")
    return 0


def _named(rows: tuple[FileRow, ...], sha256: str) -> FileRow:
    asked = sha256.lower()
    found = [row for row in rows if row.sha256.startswith(asked)] if len(asked) >= _SHORTEST else []
    if len(found) != 1:
        raise CommandError(
            f"Bản ghi không có tệp “{sha256}”; xem: sophuong files ID.",
            f"The record has no file “{sha256}”; see: sophuong files ID.",
        )
    return found[0]


def _from_the_city(desk: Desk, row: FileRow) -> bytes:
    """Syncs until the file is here, or no more of it comes."""
    from desktop.commands.syncing import sync_now

    files = desk.store.files
    files.want(row.sha256)
    error: Exception | None = None
    left = True
    while left and error is None:
        report, error = sync_now(desk.store, desk.enrolment, desk.language, desk.folder)
        left = report.files_left
        if (content := files.read(row.sha256)) is not None:
            return content
    why = str(error) if error else files.standing([row.sha256])[row.sha256].why
    raise CommandError(f"Chưa lấy được {row.name}: {why}", f"{row.name} could not be fetched: {why}")
