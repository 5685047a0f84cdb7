"""``act ID ACTION [FIELD=VALUE…]``: a transition, under the same rules and roles as the form's action bar."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from desktop.commands.desk import Desk
from desktop.commands.entries import assignments, canonical, open_entry
from desktop.commands.errors import usage_error
from desktop.commands.parser import Parser
from desktop.commands.reading import shown
from forms.definition import RecordType

if TYPE_CHECKING:
    from sync.store.model import Record


def arguments(parser: Parser, verb: str) -> None:
    parser.add_argument("id", metavar="ID", help=parser.say("mã bản ghi", "the record's id"))
    parser.add_argument("action", metavar=parser.say("THAO_TÁC", "ACTION"))
    parser.add_argument("values", nargs="*", metavar=parser.say("MỤC=GIÁ_TRỊ", "FIELD=VALUE"))


def run(desk: Desk, given: argparse.Namespace) -> int:
    record = act(desk, given.id, given.action, given.values)
    record_type = desk.catalog.record_type(record.type)
    if desk.as_json:
        desk.put_json(shown(desk, record))
    state = record_type.state(record.state).label
    number = f", {record.number}" if record.number else ""
    desk.say(f"{record.title}: {state.vi}{number}", f"{record.title}: {state.en}{number}")
    return 0


def act(desk: Desk, record_id: str, action_id: str, words: list[str]) -> Record:
    """Take the action and save. Raises CommandError, RuleError (the state, the role, what is missing) or SaveRefused;
    then nothing was written."""
    from desktop.following import with_followers, write
    from sync.store.model import Save

    record = desk.record(record_id)
    record_type = desk.catalog.record_type(record.type)
    desk.check_may_write(record_type)
    _check_known(record_type, action_id)
    inputs = canonical(desk, record_type, assignments(words, record_type))
    entry = open_entry(desk, record)
    entry.perform(action_id, desk.officer, inputs)
    save = Save(type=record.type, fields=entry.fields, opened=record, action=action_id)
    return write(desk.store, with_followers(save, entry, desk.store, desk.officer, desk.may_begin), desk.officer)[0]


def _check_known(record_type: RecordType, action_id: str) -> None:
    known = [a.id for a in record_type.actions]
    if action_id not in known:
        names = ", ".join(known)
        raise usage_error(f"Không có thao tác “{action_id}”. Có: {names}.", f"No action “{action_id}”. Known: {names}.")
