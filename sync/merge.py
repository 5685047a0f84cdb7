"""How a change meets a record: pure functions that the city (``judge``) and the PC (``replay``) share.

The rules, from docs/architecture.md "Records, changes, and how they meet": an action is all or nothing; an edit goes
field by field; what cannot be merged becomes a conflict that keeps both values; a field the present state locks is
refused. Values are compared in canonical form.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from msgspec import Struct, structs

from forms.carried import belongs, carried
from forms.definition import Action, RecordType
from forms.flow_book import NOT_NEEDED
from forms.label import Label
from forms.shapes import wrong_shapes
from sync.begun_anew import begun_from, newer_copy
from sync.conflicts import settled, with_candidate, with_merge_groups
from sync.difference import get_path, put_path
from sync.held_copy import STATES_MET, is_held, met
from sync.locked_fields import (
    AWAITING,
    FROZEN,
    SAME_NUMBER,
    VOID,
    is_owned,
    is_shut,
    locked_now,
    register_fields,
)
from sync.protocol import Change, ChangeResult, FieldProblem, Fields, RecordVersion
from sync.removed_rows import on_whole_rows, without_cells_of
from sync.said_twice import Since, nothing_since, said_twice

WRONG_KIND = Label("Giá trị không đúng kiểu của mục này.", "The value is of the wrong kind for this field.")
CHANGED_MEANWHILE = Label(
    "Mục này đã được máy khác sửa trong lúc chờ gửi.",
    "Another PC edited this field while the change waited to be sent.",
)
NO_RECORD = Label(
    "Thành phố chưa có bản ghi này; cần gửi lần tạo trước.",
    "The city does not have this record yet; its beginning must be sent first.",
)
"""PCs know it by its words (``meeting.greet``): new words would leave out what was refused with these."""
DONE_ALREADY = Label(
    "Một máy khác đã làm bước này trước khi máy này gửi; thành phố tính là một lần.",
    "Another PC had taken this step before this one sent it; the city counts it once.",
)


class Judgement(Struct, frozen=True, gc=False):
    """What the city makes of one change. ``version`` is the new version (its ``revision`` still that of the one
    before), or None when nothing is to be written."""

    result: ChangeResult
    version: RecordVersion | None = None


def judge(
    record_type: RecordType, current: RecordVersion | None, change: Change, since: Since = nothing_since
) -> Judgement:
    """What becomes of ``change`` against the city's present version. ``since``: what the record went through after the
    revision the change was made at; asked for only where an action comes too late, or a row is gone."""
    if wrong := wrong_shapes(record_type, change.after):
        return _refused(change, *(FieldProblem(k, WRONG_KIND.vi, change.after[k], WRONG_KIND.en) for k in wrong))
    if current is None:
        return _begin(record_type, change)
    if stranger := _not_of(current, change):
        return _refused(change, stranger)
    if change.kind == "action":
        return _act(record_type, current, change, since)
    if change.kind == "void":
        return _void(record_type, current, change)
    return _merged(record_type, current, change, since)


def _merged(record_type: RecordType, current: RecordVersion, change: Change, since: Since) -> Judgement:
    if is_held(change):
        return _held(record_type, current, change, since)
    if change.kind == "create" and (copied := begun_from(change, since)) is not None:
        newer = newer_copy(record_type, current, change, *copied)
        return _met(current, change, newer.clashing, **newer.parts) if newer else _nothing_new(current, change)
    return _edit(record_type, current, on_whole_rows(current, change, since))


def _held(record_type: RecordType, current: RecordVersion, change: Change, since: Since) -> Judgement:
    newer, apart = met(record_type, current, change, list(since()))
    told = (FieldProblem("", STATES_MET.vi, change.to_state, STATES_MET.en),) if apart else ()
    if newer is None:
        return _nothing_new(current, change)
    judgement = _met(current, change, newer.clashing, **newer.parts)
    if judgement.version is None:  # a revision all the same: what others held before this version is not heard after it
        judgement = _accepted(change, structs.replace(current))
    return structs.replace(judgement, result=structs.replace(judgement.result, problems=told))


def _not_of(current: RecordVersion, change: Change) -> FieldProblem | None:
    """Why the change cannot be about this record at all, or None."""
    if change.type != current.type or change.ward != current.ward:
        return FieldProblem(
            "", "Mã bản ghi này đã thuộc về một bản ghi khác.", english="This id belongs to another record."
        )
    if change.number and current.number not in (None, change.number) and not is_held(change):
        # the first one stands on paper; a register that renumbers explains nothing
        return FieldProblem(
            "",
            f"Bản ghi đã có số {current.number}, không đổi số được.",
            change.number,
            f"The record has the number {current.number}, which cannot change.",
        )
    return None


def _begin(record_type: RecordType, change: Change) -> Judgement:
    if change.kind != "create":
        return _refused(
            change,
            FieldProblem("", NO_RECORD.vi, None, NO_RECORD.en),
        )
    state = change.to_state or record_type.initial_state
    if state != record_type.initial_state and all(s.id != state for s in record_type.states):
        return _refused(
            change,
            FieldProblem(
                "", f"Không có trạng thái “{state}” trong sổ này.", state, f"This register has no state “{state}”."
            ),
        )
    fields = {k: v for k, v in change.after.items() if v is not None and k != SAME_NUMBER}
    version = RecordVersion(
        id=change.record_id,
        type=change.type,
        ward=change.ward,
        scope=record_type.scope,
        revision=0,
        state=state,
        number=change.number,
        fields=fields,
        created_at=change.at,
        updated_at=change.at,
        updated_by=change.officer.name,
        pack=change.pack,
    )
    return Judgement(ChangeResult(change_id=change.change_id, status="accepted"), version)


def _act(record_type: RecordType, current: RecordVersion, change: Change, since: Since) -> Judgement:
    action = next((a for a in record_type.actions if a.id == change.action), None)
    if action is None:
        return _refused(
            change,
            FieldProblem(
                "",
                f"Không có thao tác “{change.action}” trong sổ này.",
                change.action,
                f"This register has no action “{change.action}”.",
            ),
        )
    target = current.state if action.to == "=" else action.to
    if current.state not in action.from_ or change.to_state not in (None, target):
        return _too_late(record_type, action, current, change, since)
    if change.number and not action.takes_number:
        return _refused(
            change,
            FieldProblem(
                "", f"“{action.label.vi}” không cấp số.", change.number, f"“{action.label.en}” gives no number."
            ),
        )
    own = _action_fields(record_type, action) | carried(record_type, action, current.state)
    others = [k for k in _news(current, change) if not belongs(k, own)]
    if locked := [k for k in others if is_shut(record_type, current, k)]:
        return _locked(record_type, current, change, locked)
    moved = [
        FieldProblem(key, CHANGED_MEANWHILE.vi, value, CHANGED_MEANWHILE.en)
        for key, value in change.after.items()
        if (now := get_path(current.fields, key)) != value and now != change.before.get(key)
    ]
    if moved:
        return _refused(change, *moved)
    fields = dict(current.fields)
    for key, value in change.after.items():
        put_path(fields, key, value)
    fields = _waiting_ended(record_type, fields, target)
    return _accepted(
        change, _next(current, change, fields=fields, state=target, number=change.number or current.number)
    )


def _too_late(
    record_type: RecordType, action: Action, current: RecordVersion, change: Change, since: Since
) -> Judgement:
    """Of an action that the record's state does not allow any more: done already, or not possible."""
    if current.state not in action.from_ and said_twice(record_type, action, current, change, since):
        return _nothing_new(current, change, FieldProblem("", DONE_ALREADY.vi, None, DONE_ALREADY.en))
    label = record_type.state(current.state).label
    return _refused(
        change,
        FieldProblem(
            "",
            f"Bản ghi đã sang “{label.vi}” nên không làm được “{action.label.vi}”.",
            current.state,
            f"The record is “{label.en}” now, so “{action.label.en}” is not possible.",
        ),
    )


def _waiting_ended(record_type: RecordType, fields: Fields, state: str) -> Fields:
    """The fields as an action leaves them: what it cancels awaits no number any more. None was given, so none is used and
    the book has nothing to explain."""
    if AWAITING not in fields or record_type.state(state).kind != "void":
        return fields
    return {k: v for k, v in fields.items() if k != AWAITING}


def _action_fields(record_type: RecordType, action: Action) -> frozenset[str]:
    """The fields an action may write where others may not: what it asks for, sets, freezes and numbers."""
    names = {*action.asks, *action.sets}
    if action.freezes:
        names.add(FROZEN)
    register = record_type.register
    if action.takes_number and register is not None:
        names |= {register.field, register.book_field or register.field, register.temporary_field or register.field}
    return frozenset(names)


def _void(record_type: RecordType, current: RecordVersion, change: Change) -> Judgement:
    """Voiding leads to a void state or leaves the state; to any other, only actions lead."""
    state = change.to_state or current.state
    if state != current.state and all(s.id != state or s.kind != "void" for s in record_type.states):
        return _refused(
            change,
            FieldProblem(
                "",
                f"Hủy bản ghi không thể đưa nó sang “{state}”.",
                state,
                f"Voiding a record cannot lead to “{state}”.",
            ),
        )
    if not (change.reason or "").strip():
        return _refused(
            change, FieldProblem("", "Hủy bản ghi phải có lý do.", english="Voiding a record needs a reason.")
        )
    if change.number and current.number is None:
        return _refused(
            change, FieldProblem("", "Hủy bản ghi không cấp số.", change.number, "Voiding a record gives no number.")
        )
    return _accepted(change, _next(current, change, fields=_voided(current.fields, change), state=state))


def _voided(fields: Fields, change: Change) -> Fields:
    """The fields with the mark. A number given stays used; one still awaited is awaited no longer."""
    kept = {k: v for k, v in fields.items() if k != AWAITING}
    return {**kept, VOID: {"reason": change.reason or "", "at": change.at, "by": change.officer.name}}


def _edit(record_type: RecordType, current: RecordVersion, change: Change) -> Judgement:
    # keys that already hold the new value need nothing, except that a resolution also closes their conflict
    open_keys = _news(current, change)
    resolving = change.kind == "resolve"
    # a number given late reaches its fields in a locked state, and so does the choice between two values in conflict
    free = register_fields(record_type) if change.number and current.number is None else frozenset[str]()
    free |= current.conflicts.keys() if resolving else frozenset()
    if locked := [k for k in open_keys if k not in free and is_shut(record_type, current, k)]:
        return _locked(record_type, current, change, locked)
    open_keys = [k for k in open_keys if not is_owned(record_type, current, k)]
    # two who say that what comes next is not needed agree: nobody has to choose between their reasons, the later one stands
    open_marks = {k for k in open_keys if k.startswith(NOT_NEEDED)}
    clashing = {k for k in open_keys if get_path(current.fields, k) != change.before.get(k)} - open_marks
    clashing = with_merge_groups(record_type, clashing, open_keys)
    fields, conflicts = dict(current.fields), dict(current.conflicts)
    for key in open_keys:
        if key not in clashing:
            put_path(fields, key, change.after[key])
    removed = [k for k in open_keys if k not in clashing and change.after[k] is None]
    if removed and conflicts:
        conflicts = without_cells_of(removed, current.fields, conflicts)
    for key in clashing:
        conflicts[key] = with_candidate(conflicts.get(key, ()), key, change, current.updated_at)
    if resolving:
        conflicts = settled(conflicts, change, clashing)
    number = change.number or current.number
    return _met(current, change, clashing, fields=fields, conflicts=conflicts, number=number)


def _met(current: RecordVersion, change: Change, clashing: Collection[str], **new: Any) -> Judgement:
    """The record with what is ``new`` of it, some of which waits for a person."""
    if all(getattr(current, name) == value for name, value in new.items()):
        return _nothing_new(current, change)
    version = _next(current, change, **new)
    if not clashing:
        return _accepted(change, version)
    names = tuple(sorted(clashing))
    return Judgement(ChangeResult(change_id=change.change_id, status="conflict", fields=names), version)


def _news(current: RecordVersion, change: Change) -> list[str]:
    """The keys whose value the change would make another."""
    return [k for k, v in change.after.items() if get_path(current.fields, k) != v]


def _locked(record_type: RecordType, current: RecordVersion, change: Change, keys: list[str]) -> Judgement:
    text = locked_now(record_type, current.state)
    return _refused(change, *(FieldProblem(k, text.vi, change.after[k], text.en) for k in keys))


def _next(current: RecordVersion, change: Change, **new: Any) -> RecordVersion:
    return structs.replace(current, updated_at=change.at, updated_by=change.officer.name, pack=change.pack, **new)


def _nothing_new(current: RecordVersion, change: Change, *told: FieldProblem) -> Judgement:
    """The record has it already: taken, and nothing is written."""
    revision = current.revision
    return Judgement(
        ChangeResult(change_id=change.change_id, status="accepted", revision=revision, problems=told, already=True)
    )


def _accepted(change: Change, version: RecordVersion) -> Judgement:
    return Judgement(ChangeResult(change_id=change.change_id, status="accepted"), version)


def _refused(change: Change, *problems: FieldProblem) -> Judgement:
    return Judgement(ChangeResult(change_id=change.change_id, status="refused", problems=problems))


def replay(record_type: RecordType, base: RecordVersion | None, changes: Iterable[Change]) -> RecordVersion:
    """What the officer sees: the city's version with this PC's unanswered changes over it, in order.

    His own values stand until the city has judged them; an action is shown only from a state it may start from, so that
    one the city overtook does not pretend to have happened. ``changes`` leaves out refused actions. Raises ValueError
    when there is neither a base nor a ``create``.
    """
    shown = base
    for change in changes:
        if shown is None:
            shown = _begin(record_type, change).version
            if shown is None:
                raise ValueError(f"{change.record_id}: the first change is not a create")
            continue
        if change.kind == "action" and not _may_start(record_type, shown.state, change):
            continue
        if is_held(change):  # what was held once is for the city to judge, and shows here once it has
            continue
        fields = dict(shown.fields)
        for key, value in change.after.items():
            put_path(fields, key, value)
        if change.kind == "action":
            fields = _waiting_ended(record_type, fields, change.to_state or shown.state)
        conflicts = shown.conflicts
        if change.kind == "resolve":
            conflicts = settled(conflicts, change)
        if change.kind == "void":
            fields = _voided(fields, change)
        state = change.to_state if change.kind in ("action", "void") and change.to_state else shown.state
        shown = _next(
            shown, change, fields=fields, state=state, number=change.number or shown.number, conflicts=conflicts
        )
    if shown is None:
        raise ValueError("nothing to replay")
    return shown


def _may_start(record_type: RecordType, state: str, change: Change) -> bool:
    return any(a.id == change.action and state in a.from_ for a in record_type.actions)
