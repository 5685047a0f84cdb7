"""One record of a save: which changes say what the officer did to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import structs

from forms.carried import belongs, carried
from forms.definition import Action, RecordType
from forms.label import Label
from forms.shapes import too_large, wrong_shapes
from forms.signed_steps import SIGNED
from sync.difference import difference, get_path, put_path
from sync.locked_fields import CITYS_OWN, NUMBERED, SEEN, is_locked, locked_now
from sync.merge import WRONG_KIND
from sync.protocol import Change, ChangeKind, FieldProblem, Fields, RecordVersion
from sync.store.model import Record, Save, SaveRefused
from sync.store.worklist import OpenChange, Work
from sync.voiding import void_roles

if TYPE_CHECKING:
    from sync.store.saving import SaveTransaction

_TOO_LARGE_NUMBER = Label(
    "Số ở mục này quá lớn; hãy xem lại.", "The number in this field is too large; look at it again."
)


class OneSave:
    """What creating and changing share."""

    def __init__(self, to: SaveTransaction, save: Save, record_type: RecordType, record_id: str, work: Work) -> None:
        self._to, self._save, self._type, self._id, self._work = to, save, record_type, record_id, work

    def _change(self, kind: ChangeKind, **parts: Any) -> None:
        self._to.change(self._save, self._work, self._id, kind, **parts)

    def _act(self, action: Action, before: Fields, after: Fields, state: str) -> None:
        """Add the action's change, with its number when the register gives one."""
        number = None
        if action.takes_number and self._save.number is None:
            shown = self._work.shown
            opened = self._save.opened.fields if self._save.opened else {}
            mine = {k: v for k, v in self._save.fields.items() if opened.get(k) != v}
            fields = {**(shown.fields if shown else {}), **mine, **after}
            given = self._to.number(self._type, self._id, shown, fields)
            before |= {k: shown.fields.get(k) if shown else None for k in given.fields}
            after |= given.fields
            number = given.number
        target = state if action.to == "=" else action.to
        self._change(
            "action", before=before, after=after, state=state, to_state=target, action=action.id, number=number
        )


class CreateSave(OneSave):
    """A new record: a ``create``, and the action taken with it, if any."""

    def run(self) -> None:
        save = self._save
        fields = {k: v for k, v in save.fields.items() if v is not None}
        state = save.state or self._type.initial_state
        if all(s.id != state for s in self._type.states):
            raise SaveRefused(f"Sổ này không có trạng thái “{state}”. (No such state)")
        refuse_wrong_shapes(self._type, fields)
        action = action_of(self._type, save.action, state) if save.action else None
        if self._numbered_at_once():
            fields.update(self._to.temporary(self._type, self._id))
        later = action_keys(self._type, action, state, fields) if action else set()
        first = {k: v for k, v in fields.items() if k not in later}
        self._change("create", after=first, to_state=state, number=save.number)
        if action:
            self._act(action, {}, {k: fields[k] for k in later}, state)

    def _numbered_at_once(self) -> bool:
        """A service numbers what is sent to it: where no action asks for that, the record is begun with a temporary
        number. A record that is history brings its own."""
        r = self._type.register
        return (
            r is not None
            and r.kind == "service"
            and self._save.number is None
            and not any(a.takes_number for a in self._type.actions)
        )


class RecordSave(OneSave):
    """A record that was opened and changed. What others changed meanwhile in other fields stays."""

    def __init__(self, to: SaveTransaction, save: Save, record_type: RecordType, record_id: str, work: Work) -> None:
        super().__init__(to, save, record_type, record_id, work)
        assert save.opened is not None and work.shown is not None  # noqa: S101
        self._opened: Record = save.opened
        self._shown: RecordVersion = work.shown

    def run(self) -> None:
        before, after = difference(self._type, self._opened.fields, self._save.fields)
        refuse_wrong_shapes(self._type, after)
        if self._save.kind == "void":
            self._void()
            return
        if self._save.kind == "resolve":
            self._resolve(before, after)
            return
        action = action_of(self._type, self._save.action, self._shown.state) if self._save.action else None
        if not after and action is None:
            return
        again = self._take_over_refused(before, after)
        later = action_keys(self._type, action, self._shown.state, after) if action else set()
        self._edit(
            {k: v for k, v in before.items() if k not in later}, {k: v for k, v in after.items() if k not in later}
        )
        for change in again:
            self._again(change)
        if action:
            state = next((c.to_state for c in reversed(again) if c.to_state), self._shown.state)
            self._act(action, {k: before[k] for k in later}, {k: after[k] for k in later}, state)
        if self._to.is_unsaid(self._id):  # all as the city has it: what was refused is taken back
            self._change("edit", state=self._shown.state)

    def _edit(self, before: Fields, after: Fields) -> None:
        locked = [k for k in after if is_locked(self._type, self._shown.state, k)]
        if typed := [k for k in locked if self._is_typed(k)]:
            text = locked_now(self._type, self._shown.state)
            raise SaveRefused(
                f"{text.vi} ({text.en})", tuple(FieldProblem(k, text.vi, after[k], text.en) for k in typed)
            )
        # a calculated value that moved by itself after its field was locked is not the officer's doing
        after = {k: v for k, v in after.items() if k not in locked}
        if after:
            before = {k: before[k] for k in after}
            self._change("edit", before=before, after=after, state=self._shown.state)

    def _is_typed(self, key: str) -> bool:
        f = self._type.field_map.get(key.partition("/")[0])
        return f is not None and f.owner == "officer" and (f.calculate is None or f.overridable)

    def _void(self) -> None:
        if not (self._save.reason or "").strip():
            raise SaveRefused("Chưa nhập lý do hủy bản ghi. (A reason is needed to void a record)")
        if not void_roles(self._type) & set(self._to.officer.roles):
            raise SaveRefused(
                f"{self._to.officer.name} không có vai trò để hủy bản ghi này. (The officer may not void this record)"
            )
        if (
            self._work.base is None
        ):  # the city refused its beginning: it hears that anew, and why there is nothing more to it
            for change in self._take_over_refused({}, {}, in_book=False):
                self._again(change)
        state = next((s.id for s in self._type.states if s.kind == "void"), None)
        self._change("void", to_state=self._save.state or state,
                        state=self._shown.state)  # fmt: skip

    def _resolve(self, before: Fields, after: Fields) -> None:
        """Each settled conflict goes with the value picked, also when it is the one that stands."""
        fields = self._save.fields
        for key in self._save.resolves or tuple(self._opened.conflicts):
            before[key] = get_path(self._opened.fields, key)
            after[key] = get_path(fields, key)
        if not after:
            raise SaveRefused("Bản ghi này không có mục nào đang chờ chọn. (Nothing to resolve)")
        before[SEEN] = sorted({c.change_id for key in after for c in self._opened.conflicts.get(key, ())})
        self._change("resolve", before=before, after=after, state=self._shown.state)

    def _take_over_refused(self, before: Fields, after: Fields, *, in_book: bool = True) -> list[Change]:
        """Once the city has refused a change, the next save says again, from the city's version on, all that it and the
        parked ones said. Returns what is said anew by itself after the correction: parked actions, and choices that
        stand; each brings its own values, as they are wanted now. ``in_book`` False: a record of a file that is voided before
        anybody took it was no line of the book, and its number moves none."""
        work = self._work
        if not work.blocked:
            return []
        stuck = [c for c in work.open if c.status in ("refused", "parked")]
        self._to.supersede(stuck)
        work.open = [c for c in work.open if c not in stuck]
        wanted = dict(self._shown.fields)
        for key, value in after.items():
            put_path(wanted, key, value)
        floor = work.replayed(self._type) if work.base is not None or work.open else None
        again = _said_by_itself(stuck, wanted, floor)
        theirs = CITYS_OWN | {key for change in again for key in change.after}
        before.clear()
        after.clear()
        if floor is None:
            first = stuck[0].change
            if not in_book and NUMBERED not in wanted and not first.base_revision:
                first = structs.replace(first, number=None)
            self._create_again(first, {k: v for k, v in wanted.items() if k not in theirs})
            return again
        new_before, new_after = difference(self._type, floor.fields, wanted)
        before.update({k: v for k, v in new_before.items() if k not in theirs})
        after.update({k: v for k, v in new_after.items() if k not in theirs})
        self._shown = structs.replace(self._shown, state=floor.state)
        return again

    def _create_again(self, first: Change, wanted: Mapping[str, Any]) -> None:
        fields = {k: v for k, v in wanted.items() if v is not None}
        self._change("create", after=fields, to_state=first.to_state,
                        number=first.number)  # fmt: skip

    def _again(self, change: Change) -> None:
        self._change(change.kind, before=change.before, after=change.after, state=change.state,
            to_state=change.to_state, action=change.action, number=change.number, reason=change.reason,
        )  # fmt: skip


def _said_by_itself(stuck: Sequence[OpenChange], wanted: Fields, floor: RecordVersion | None) -> list[Change]:
    """Of refused work, what is more than values: actions and choices that waited, and a number that was given late. Each with
    the values wanted now, where it says them last, over those the city will have when it comes to it. ``floor``: the city's
    version; None: the record is begun again, which leaves no conflict to choose in."""
    said: list[Change] = []
    later: set[str] = set()
    for c in reversed(stuck):
        change = c.change
        late_number = change.kind == "edit" and change.number is not None
        if late_number or (c.status == "parked" and change.kind in ("action", "void")):
            now = {k: v if k in later else get_path(wanted, k) for k, v in change.after.items()}
            said.append(structs.replace(change, after=now))
        elif c.status == "parked" and change.kind == "resolve" and floor is not None:
            if any(get_path(wanted, k) != v for k, v in change.after.items()):
                continue
            said.append(change)
        else:
            continue
        later |= change.after.keys()
    return _from(said[::-1], dict(floor.fields) if floor else {})


def _from(changes: list[Change], known: Fields) -> list[Change]:
    """The changes as they are said one after the other from these values on."""
    said = []
    for change in changes:
        before = change.before if change.kind == "resolve" else {k: get_path(known, k) for k in change.after}
        said.append(structs.replace(change, before=before))
        for key, value in change.after.items():
            put_path(known, key, value)
    return said


def action_of(record_type: RecordType, action_id: str, state: str) -> Action:
    """The action, if it may start from ``state``; raises SaveRefused."""
    try:
        action = record_type.action(action_id)
    except KeyError:
        raise SaveRefused(f"Sổ này không có thao tác “{action_id}”. (No such action)") from None
    if state not in action.from_:
        label = record_type.state(state).label.vi
        raise SaveRefused(
            f"Bản ghi đang ở “{label}” nên không làm được “{action.label.vi}”. "
            f"(“{action.label.en}” cannot start from “{record_type.state(state).label.en}”)"
        )
    return action


def action_keys(record_type: RecordType, action: Action, state: str, after: Fields) -> set[str]:
    """The keys of a save that belong to the action itself: it takes them with it or fails with them. Of what is calculated
    from them only what the state would not let an edit bring."""
    names = {*action.asks, *action.sets, SIGNED}
    if action.freezes:
        names.add("_frozen")
    moved = carried(record_type, action, state)
    return {
        k for k in after if k.partition("/")[0] in names or (is_locked(record_type, state, k) and belongs(k, moved))
    }


def refuse_wrong_shapes(record_type: RecordType, values: Fields) -> None:
    """Values the city would refuse are refused here, before anything is written."""
    if wrong := wrong_shapes(record_type, values):
        raise SaveRefused(
            f"Có mục không đúng kiểu: {', '.join(wrong)}. (Wrong kind of value)",
            tuple(FieldProblem(k, why.vi, values[k], why.en) for k in wrong for why in [_why_wrong(values[k])]),
        )


def _why_wrong(value: Any) -> Label:
    return _TOO_LARGE_NUMBER if too_large(value) else WRONG_KIND
