"""What was withdrawn, kept outside the database: one that came back from a backup made before would trust it again.

A text file to which a line is added for each device, hub or bulk token: when, its id, and the hash of its token, by which it
is known again. An id alone would not do: a restored city gives ids anew. The hash opens nothing. Books that were moved stand
in it too (``moved_books.py``).
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable
from pathlib import Path

from sync.clock import Clock, moment_text
from sync.gateway.access import trust_no_more
from sync.gateway.saying import warn
from sync.gateway.storage import Session, Storage

_LINE = re.compile(r"(\S+)\s+(\S+)\s+([0-9a-f]{64})")
_HASH = "SELECT token_hash FROM devices WHERE id = ? UNION ALL SELECT token_hash FROM bulk_tokens WHERE id = ?"


def add_list_option(parser: argparse.ArgumentParser) -> None:
    text = (
        "danh sách máy đã thu hồi, sổ đã chuyển (SQLite: tự có cạnh cơ sở dữ liệu) / the list of what was withdrawn and of books "
        "that were moved (SQLite: beside the database)"
    )
    parser.add_argument("--withdrawn", metavar="FILE", default=os.environ.get("SOPHUONG_WITHDRAWN", ""), help=text)


def list_file(arguments: argparse.Namespace) -> Path | None:
    """Where the list stands; None where nobody said: a database server has no folder of ours."""
    if arguments.withdrawn:
        return Path(arguments.withdrawn)
    url: str = arguments.database
    return Path(url.removeprefix("sqlite:///") + ".withdrawn") if url.startswith("sqlite:///") else None


def line_of(storage: Storage, clock: Clock, named: str) -> str:
    """The line for a device, hub or bulk token that is about to be withdrawn; "" where there is none to be."""
    rows = storage.once(_HASH, named, named)
    known = [token for (token,) in rows if _LINE.fullmatch(f"x x {token}")]
    return f"{moment_text(clock.now())} {named} {known[0]}\n" if known else ""


def keep(arguments: argparse.Namespace, line: str) -> None:
    """Add the line to the list, on the disk when this returns. Raises OSError."""
    file = list_file(arguments)
    if not line:
        return
    if file is None:
        warn_of_no_list(arguments)
        return
    append(file, line)


def append(file: Path, line: str) -> None:
    """Add a line, on the disk when this returns; one that a cut left half stays apart from it. Raises OSError."""
    with file.open("ab+") as to:
        if to.seek(0, os.SEEK_END):
            to.seek(-1, os.SEEK_END)
            line = line if to.read(1) == b"\n" else f"\n{line}"
        to.write(line.encode())
        to.flush()
        os.fsync(to.fileno())


def warn_of_no_list(arguments: argparse.Namespace) -> None:
    warn(
        arguments,
        "Chưa có danh sách ngoài cơ sở dữ liệu (--withdrawn FILE); khôi phục bản sao lưu cũ hơn thì phải làm lại việc này.",
        "No list outside the database (--withdrawn FILE): after restoring an older backup this is to be done again.",
    )


def withdraw_listed(storage: Storage, lines: Iterable[str]) -> list[str]:
    """Withdraw again what the list names and the database trusts; the ids of that."""
    found = [match for line in lines if (match := _LINE.fullmatch(line.strip()))]
    again: list[str] = []
    with storage.write() as session:
        for match in found:
            at, _, token = match.groups()
            again += _devices(session, token)
            sql = "SELECT id FROM bulk_tokens WHERE token_hash = ? AND withdrawn_at = ''"
            tokens = [token_id for (token_id,) in session.all(sql, token)]
            for token_id in tokens:
                session.run("UPDATE bulk_tokens SET withdrawn_at = ? WHERE id = ?", at, token_id)
            again += tokens
    return again


def _devices(session: Session, token: str) -> list[str]:
    found = [device for (device,) in session.all("SELECT id FROM devices WHERE token_hash = ?", token)]
    for device in found:
        trust_no_more(session, device)
    return found


def restored_lines(arguments: argparse.Namespace) -> list[str]:
    """The lines of the list; says so where there is none. Raises OSError where one was named that cannot be read."""
    file = list_file(arguments)
    if file is not None and (arguments.withdrawn or file.exists()):
        return file.read_text("utf-8").splitlines()
    warn(
        arguments,
        "Không có danh sách (--withdrawn FILE): máy, máy trung gian, mã hàng loạt thu hồi sau bản sao lưu phải thu hồi lại, sổ "
        "chuyển sau đó phải chuyển lại.",
        "No list (--withdrawn FILE): withdraw again each device, hub and bulk token withdrawn since the backup, and move again "
        "each book moved since.",
    )
    return []
