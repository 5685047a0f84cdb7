"""``batch [TOOL.FLOW [FIELD=VALUE…]]``: the records of a register for everybody at once; without a name, which there are."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import structs

from desktop.commands.desk import Desk
from desktop.commands.entries import assignments, canonical, entry_context
from desktop.commands.errors import CommandError, usage_error
from desktop.commands.parser import Parser
from desktop.sight import offered_batches

if TYPE_CHECKING:
    from desktop.batches import Tally, Told
    from forms.definition import RecordType
    from forms.flow_definition import Flow

MOST = 20  # told to a person; JSON has them all


def arguments(parser: Parser, verb: str) -> None:
    say = parser.say("việc, ví dụ congcu.danhsach; không có: những việc có thể làm", "which; none: those there are")
    parser.add_argument("flow", nargs="?", metavar=parser.say("CÔNG_CỤ.VIỆC", "TOOL.FLOW"), help=say)
    parser.add_argument("values", nargs="*", metavar=parser.say("MỤC=GIÁ_TRỊ", "FIELD=VALUE"))
    parser.add_argument(
        "--count", action="store_true", help=parser.say("chỉ đếm, không lập gì", "count only, make nothing")
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    """What was left out is told and is no mistake of this run: the exit code stays 0."""
    if given.flow is None:
        _list(desk)
        return 0
    flow, to = _chosen(desk, given.flow)
    desk.check_may_write(to)
    if not desk.may_begin(to):
        name = desk.officer.name
        raise CommandError(f"{name} không lập được {to.label.vi}.", f"{name} may not begin {to.label.en}.")
    tally = _run(desk, flow, _answers(desk, flow, to, given.values), only_count=given.count)
    if desk.as_json:
        desk.put_json(_as_json(tally))
        return 0
    vi, en = ("Sẽ lập", "To be made") if given.count else ("Đã lập", "Made")
    refused = len(tally.refused)
    desk.say(
        f"{vi} {tally.made}, đã có từ trước {tally.existing}, không lập được {refused}.",
        f"{en}: {tally.made}, there before: {tally.existing}, left out: {refused}.",
    )
    for told, word in ((tally.refused, "✗"), (tally.dropped, "–"), (tally.noted, "!")):
        _tell(desk, told, word)
    if tally.stopped:
        desk.say("Đã dừng; chạy lại để lập phần còn thiếu.", "Stopped; run again for the rest.")
    return 0


def _list(desk: Desk) -> None:
    from forms.flow_book import batch_name

    types, seen = desk.catalog.record_types, desk.seen
    found = [f for to in types for f in offered_batches(to, desk.catalog, desk.officer, seen) if desk.may_begin(to)]
    if desk.as_json:
        rows = [{"flow": batch_name(f), "label": f.label, "from": f.from_, "to": f.to, "asks": f.asks} for f in found]
        desk.put_json({"batches": rows})
        return
    for flow in found:
        asked = " ".join(f"{name}=…" for name in flow.asks)
        desk.line(f"{batch_name(flow):<34} {desk.label(flow.label)}  [{asked}]")
    if not found:
        desk.say("Bạn không có danh sách nào để lập.", "There is no list for you to make.")


def _chosen(desk: Desk, name: str) -> tuple[Flow, RecordType]:
    from forms.flow_book import batch_name, batch_named, flow_book

    book = flow_book(desk.catalog)
    flow = batch_named(book, name)
    if flow is None:
        known = ", ".join(batch_name(f) for flows in book.batches.values() for f in flows) or "—"
        raise usage_error(f"Không có danh sách “{name}”. Có: {known}.", f"No list “{name}”. There are: {known}.")
    to, begun = desk.catalog.record_type(flow.to or ""), desk.catalog.record_type(flow.from_)
    desk.check_seen(begun)
    if flow not in offered_batches(to, desk.catalog, desk.officer, None):
        raise CommandError(
            f"“{flow.label.vi}” không phải việc của {desk.officer.name}.",
            f"“{flow.label.en}” is not the work of {desk.officer.name}.",
        )
    return flow, to


def _answers(desk: Desk, flow: Flow, to: RecordType, words: list[str]) -> dict[str, Any]:
    """What is asked, with its defaults. Raises RuleError for what is missing or cannot be."""
    from forms.batches import question
    from forms.entry import RecordEntry, RuleError

    asked = question(flow, to)
    given = canonical(desk, asked, assignments(words, asked))
    entry = RecordEntry(asked, desk.catalog, entry_context(desk))
    for name, value in given.items():
        entry.put(name, value)
    if blocking := [problem for problem in entry.problems() if problem.blocks]:
        raise RuleError(blocking)
    return {name: entry.get(name) for name in flow.asks}


def _run(desk: Desk, flow: Flow, answers: dict[str, Any], *, only_count: bool) -> Tally:
    from desktop import batches

    seen, records = desk.seen, desk.store.records  # who may see what is worked out once, not for every look
    context = structs.replace(
        entry_context(desk, lambda record_id: records.resolve(record_id, seen)),
        find=lambda kind, field, value: records.others(kind, field, value, seen),
    )
    makes = batches.Desk(desk.store, desk.catalog, context, desk.officer, desk.may_begin)
    with _interrupts() as wanted:
        act = batches.count if only_count else batches.make
        return act(flow, answers, makes, lambda _tally: not wanted)


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Ctrl+C ends the batch between two records; what was written is told. Filled when it was pressed."""
    pressed: list[int] = []
    try:
        before = signal.signal(signal.SIGINT, lambda number, _frame: pressed.append(number))
    except ValueError:  # not the main thread: nobody presses a key there
        yield pressed
        return
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _as_json(tally: Tally) -> dict[str, Any]:
    def rows(told: list[Told]) -> list[dict[str, Any]]:
        return [{"id": one.id, "title": one.title, "message": one.message} for one in told]

    return {
        "made": tally.made,
        "existing": tally.existing,
        "refused": rows(tally.refused),
        "dropped": rows(tally.dropped),
        "noted": rows(tally.noted),
        "stopped": tally.stopped,
    }


def _tell(desk: Desk, told: list[Told], word: str) -> None:
    for one in told[:MOST]:
        desk.line(f"  {word} {one.title}: {desk.label(one.message)}")
    if len(told) > MOST:
        rest = len(told) - MOST
        desk.say(f"  {word} … và {rest} nữa (--json cho đủ).", f"  {word} … and {rest} more (--json).")
