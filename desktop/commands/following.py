"""``proposals [ID]``: what comes next. ``follow ID FLOW``: begin it, take its action, or say that it is not needed."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from desktop.commands.desk import Desk
from desktop.commands.entries import assignments, canonical, entry_context
from desktop.commands.errors import CommandError, usage_error
from desktop.commands.parser import Parser
from desktop.commands.reading import shown

if TYPE_CHECKING:
    from forms.flows import Proposal
    from sync.store.model import Record

MOST = 500


def arguments(parser: Parser, verb: str) -> None:
    parser.set_defaults(verb=verb)
    if verb == "proposals":
        say = parser.say("mã bản ghi; không có: việc của cán bộ này", "the record's id; none: this officer's work")
        parser.add_argument("id", nargs="?", metavar="ID", help=say)
        return
    parser.add_argument("id", metavar="ID", help=parser.say("mã bản ghi", "the record's id"))
    parser.add_argument("flow", metavar=parser.say("VIỆC", "FLOW"))
    parser.add_argument("values", nargs="*", metavar=parser.say("MỤC=GIÁ_TRỊ", "FIELD=VALUE"))
    reason = parser.say("không cần làm, vì sao", "it is not needed, and why")
    parser.add_argument("--not-needed", metavar=parser.say("LÝ_DO", "REASON"), help=reason)


def run(desk: Desk, given: argparse.Namespace) -> int:
    if given.verb == "follow":
        _follow(desk, given)
    elif given.id:
        _of_record(desk, desk.record(given.id))
    else:
        _waiting(desk)
    return 0


def _of_record(desk: Desk, record: Record) -> None:
    found = [_as_row(record, proposal) for proposal in _proposals(desk, record)]
    if desk.as_json:
        desk.put_json({"proposals": found})
        return
    for row in found:
        desk.line(f"{row['flow']:<24} {desk.label(row['label'])}  [{row['standing']}]  {row['next'] or ''}".rstrip())
    if not found:
        desk.say("Không có việc tiếp theo.", "Nothing comes next.")


def _proposals(desk: Desk, record: Record) -> list[Proposal]:
    """What comes next, as far as whoever asks may see the registers it leads to."""
    seen = desk.seen
    return [p for p in desk.store.proposals.of(record) if seen is None or p.to in seen]


def _as_row(record: Record, proposal: Proposal) -> dict[str, Any]:
    standing = "done" if proposal.done else "not_needed" if proposal.dismissed else "open"
    return {
        "id": record.id,
        "flow": proposal.flow.id,
        "label": proposal.flow.label,
        "to": proposal.to,
        "standing": standing,
        "next": proposal.done or proposal.target,
        "not_needed": proposal.dismissed,
    }


def _waiting(desk: Desk) -> None:
    from forms.flow_book import flow_book

    rows = desk.store.proposals.waiting(desk.officer.roles, desk.seen, limit=MOST)
    flows = flow_book(desk.catalog).by_key
    if desk.as_json:
        found = [
            {"id": r.record.id, "type": r.record.type, "title": r.record.title, "flow": flows[r.flow].id,
             "label": flows[r.flow].label, "to": r.to, "next": r.target}
            for r in rows
        ]  # fmt: skip
        desk.put_json({"proposals": found})
        return
    for row in rows:
        flow = flows[row.flow]
        desk.line(f"{row.record.id}  {flow.id:<24} {desk.label(flow.label)}: {row.record.title}")
    if not rows:
        desk.say("Không có việc tiếp theo nào chờ bạn.", "Nothing waits for you.")


def _follow(desk: Desk, given: argparse.Namespace) -> None:
    """Prints the id of the record begun or acted on. Raises CommandError, RuleError or SaveRefused; then nothing was
    written."""
    record = desk.record(given.id)
    proposal = _chosen(desk, record, given.flow)
    if given.not_needed is not None:
        _not_needed(desk, record, proposal, given.not_needed.strip())
        return
    if not proposal.is_open:
        raise CommandError(
            f"“{proposal.flow.label.vi}” đã xong hoặc đã ghi là không cần.",
            f"“{proposal.flow.label.en}” is done, or was marked as not needed.",
        )
    made = (
        _acted(desk, record, proposal, given.values)
        if proposal.target
        else _begun(desk, record, proposal, given.values)
    )
    if desk.as_json:
        desk.put_json(shown(desk, made))
    else:
        desk.line(made.id)


def _chosen(desk: Desk, record: Record, flow_id: str) -> Proposal:
    found = {proposal.flow.id: proposal for proposal in _proposals(desk, record)}
    if flow_id not in found:
        names = ", ".join(found) or "—"
        raise usage_error(
            f"Không có việc “{flow_id}” ở đây. Có: {names}.", f"Nothing called “{flow_id}”. There are: {names}."
        )
    return found[flow_id]


def _not_needed(desk: Desk, record: Record, proposal: Proposal, reason: str) -> None:
    from desktop.following import dismissal

    if not reason:
        raise usage_error("Cần ghi lý do vì sao không cần.", "Say why it is not needed.")
    desk.check_may_write(desk.catalog.record_type(record.type))
    save = dismissal(proposal, record, reason, desk.officer, entry_context(desk))
    saved = desk.store.save([save], desk.officer)[0]
    if desk.as_json:
        desk.put_json(shown(desk, saved))
    desk.say(f"Đã ghi: không cần “{proposal.flow.label.vi}”.", f"Noted: “{proposal.flow.label.en}” is not needed.")


def _begun(desk: Desk, record: Record, proposal: Proposal, words: list[str]) -> Record:
    from desktop.following import begin_values, with_followers, write
    from forms.entry import RecordEntry, RuleError
    from sync.store.model import Save

    to = desk.catalog.record_type(proposal.to)
    desk.check_may_write(to)
    if not desk.may_begin(to):
        raise CommandError(
            f"{desk.officer.name} không lập được {to.label.vi}.", f"{desk.officer.name} may not begin {to.label.en}."
        )
    context = entry_context(desk)
    given = canonical(desk, to, assignments(words, to))
    entry = RecordEntry(to, desk.catalog, context)
    for name, value in {**begin_values(proposal, record, desk.catalog, context), **given}.items():
        entry.put(name, value)
    if blocking := [problem for problem in entry.problems() if problem.blocks]:
        raise RuleError(blocking)
    save = Save(type=to.id, fields=entry.fields)
    return write(desk.store, with_followers(save, entry, desk.store, desk.officer, desk.may_begin), desk.officer)[0]


def _acted(desk: Desk, record: Record, proposal: Proposal, words: list[str]) -> Record:
    from desktop.following import act_on

    to = desk.catalog.record_type(proposal.to)
    desk.check_may_write(to)
    target = desk.record(proposal.target or "")
    inputs = canonical(desk, to, assignments(words, to))
    save = act_on(proposal, record, target, desk.officer, entry_context(desk), catalog=desk.catalog, inputs=inputs)
    return desk.store.save([save], desk.officer)[0]
