"""``attach ID FILE``: a file to a record, by what it contains (SHA-256), so that the same file is kept once."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from desktop.commands.desk import Desk
from desktop.commands.entries import open_entry
from desktop.commands.errors import CommandError, usage_error
from desktop.commands.parser import Parser
from desktop.commands.reading import shown
from forms.definition import RecordType


def arguments(parser: Parser, verb: str) -> None:
    parser.add_argument("id", metavar="ID", help=parser.say("mã bản ghi", "the record's id"))
    parser.add_argument("file", metavar=parser.say("TỆP", "FILE"))
    parser.add_argument(
        "--field",
        default=None,
        metavar=parser.say("MỤC", "FIELD"),
        help=parser.say("mục nhận tệp (mặc định: mục tệp đầu tiên)", "the field that takes it (default: the first)"),
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    from sync.store.model import Save

    record = desk.record(given.id)
    record_type = desk.catalog.record_type(record.type)
    desk.check_may_write(record_type)
    name = _field(record_type, given.field)
    facts = _kept(desk, Path(given.file))
    entry = open_entry(desk, record)
    if entry.is_locked(name):
        state = record_type.state(record.state).label
        raise CommandError(
            f"Bản ghi đã “{state.vi}” nên không đính kèm được nữa.", f"It is “{state.en}”; nothing can be attached now."
        )
    value: Any = facts
    if record_type.field(name).type == "files":
        present = record.fields.get(name) or []
        value = present if any(f["sha256"] == facts["sha256"] for f in present) else [*present, facts]
    entry.set(name, value)
    if problem := entry.problem(name):
        raise CommandError(problem.message.vi, problem.message.en)
    saved = desk.store.save([Save(type=record.type, fields=entry.fields, opened=record)], desk.officer)[0]
    if desk.as_json:
        desk.put_json({**shown(desk, saved), "attached": {"field": name, **facts}})
    desk.say(f"Đã đính kèm {facts['name']} vào {saved.title}.", f"{facts['name']} attached to {saved.title}.")
    return 0


def _kept(desk: Desk, source: Path) -> dict[str, Any]:
    from desktop.forms.attachments import AttachmentRefused, attach
    from desktop.language import use_language

    use_language(desk.language)
    try:
        return attach(source, desk.store.files)
    except AttachmentRefused as error:
        raise CommandError(str(error), str(error)) from error


def _field(record_type: RecordType, asked: str | None) -> str:
    usable = [f.name for f in record_type.fields if f.type in ("file", "files") and f.owner == "officer"]
    if not usable:
        raise CommandError(f"“{record_type.label.vi}” không có mục tệp.", f"“{record_type.label.en}” takes no files.")
    if asked is None:
        return usable[0]
    if asked not in usable:
        names = ", ".join(usable)
        raise usage_error(f"“{asked}” không phải mục tệp; có: {names}.", f"“{asked}” takes no file; these do: {names}.")
    return asked
