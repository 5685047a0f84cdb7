"""``duplicates``: records that may be one. ``merge KEEP OTHER`` and ``unmerge ID``: one thing entered twice, and back."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from desktop.commands.desk import Desk
from desktop.commands.entries import entry_context
from desktop.commands.errors import CommandError
from desktop.commands.parser import Parser
from desktop.commands.reading import shown
from desktop.doubles import reason_of
from desktop.merging import apart_save, merging_save, unmerging_save

if TYPE_CHECKING:
    from sync.store.alikes import AlikePair

MOST = 1000


def arguments(parser: Parser, verb: str) -> None:
    parser.set_defaults(verb=verb)
    say = parser.say
    if verb == "duplicates":
        parser.add_argument("type", nargs="?", metavar="TOOL.RECORD", help=say("chỉ loại này", "only this type"))
        two = (say("MÃ", "ID"), say("MÃ KHÁC", "OTHER"))
        not_same = say("ghi rằng hai bản ghi này không phải một", "say that these two are not the same")
        parser.add_argument("--not-same", nargs=2, metavar=two, default=None, help=not_same)
    elif verb == "merge":
        parser.add_argument("keep", metavar="KEEP", help=say("mã bản ghi được giữ", "id of the record that is kept"))
        parser.add_argument("other", metavar="OTHER", help=say("mã bản ghi gộp vào", "id of the one merged into it"))
    else:
        parser.add_argument("id", metavar="ID", help=say("mã bản ghi đã gộp", "id of the merged record"))


def run(desk: Desk, given: argparse.Namespace) -> int:
    if given.verb == "merge":
        _merge(desk, given.keep, given.other)
    elif given.verb == "unmerge":
        _unmerge(desk, given.id)
    elif given.not_same:
        _apart(desk, *given.not_same)
    else:
        _list(desk, given.type)
    return 0


def _list(desk: Desk, type_id: str | None) -> None:
    if type_id is not None:
        desk.check_seen(desk.record_type(type_id))
    desk.store.alikes.settle()
    pairs = desk.store.alikes.pairs(desk.seen, MOST, type_id)
    if desk.as_json:
        desk.put_json({"duplicates": [_row(desk, pair) for pair in pairs]})
        return
    for pair in pairs:
        row = _row(desk, pair)
        desk.line(f"{row['type']}  {row['why']}")
        for one in (pair.first, pair.second):
            desk.line(f"    {one.id}  {one.title}  {one.subtitle}".rstrip())
    if not pairs:
        desk.say("Không có bản ghi nào nghi trùng.", "Nothing looks entered twice.")


def _row(desk: Desk, pair: AlikePair) -> dict[str, Any]:
    record_type = desk.catalog.record_type(pair.first.type)
    ids = [pair.first.id, pair.second.id]
    titles = [pair.first.title, pair.second.title]
    return {"type": record_type.id, "ids": ids, "titles": titles, "why": reason_of(record_type, pair.rule)}


def _merge(desk: Desk, keep_id: str, other_id: str) -> None:
    keep, other = desk.record(keep_id), desk.record(other_id)
    desk.check_may_write(desk.catalog.record_type(other.type))
    save = merging_save(keep, other, desk.catalog, desk.officer, entry_context(desk))
    saved = desk.store.save([save], desk.officer)[0]
    if desk.as_json:
        desk.put_json({**shown(desk, saved), "kept": keep.id})
    desk.say(f"Đã gộp {saved.title} vào {keep.title}.", f"Merged {saved.title} into {keep.title}.")


def _unmerge(desk: Desk, record_id: str) -> None:
    record = desk.record(record_id)
    desk.check_may_write(desk.catalog.record_type(record.type))
    save = unmerging_save(record, desk.catalog, desk.officer, entry_context(desk))
    saved = desk.store.save([save], desk.officer)[0]
    if desk.as_json:
        desk.put_json(shown(desk, saved))
    desk.say(f"Đã tách lại {saved.title}.", f"{saved.title} stands for itself again.")


def _apart(desk: Desk, one_id: str, other_id: str) -> None:
    one, other = desk.record(one_id), desk.record(other_id)
    if one.type != other.type or one.id == other.id:
        raise CommandError("Cần hai bản ghi khác nhau của cùng một sổ.", "Two records of one register are needed.")
    desk.check_may_write(desk.catalog.record_type(one.type))
    desk.store.save([apart_save(one, other)], desk.officer)
    if desk.as_json:
        desk.put_json({"apart": [one.id, other.id]})
    desk.say("Đã ghi: hai bản ghi này khác nhau.", "Noted: these two are not the same.")
