"""From what an officer saved to the changes that say it: one transaction, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from forms.definition import RecordType
from sync.clock import moment_text
from sync.locked_fields import AWAITING, HELD_IN
from sync.protocol import LARGEST_CHANGE, MOST_REPLACED, Change, ChangeKind, Fields, Officer, RecordVersion
from sync.store import brought, missing
from sync.store.context import Stamps, StoreContext, read_enrolment
from sync.store.files_links import attached_here
from sync.store.model import Save, SaveRefused
from sync.store.numbering import Given, NumberSource, signed_at
from sync.store.one_save import CreateSave, RecordSave
from sync.store.rowcodec import encode_change, record_of
from sync.store.rows import RowWriter, Touch
from sync.store.worklist import OpenChange, Work, keep, load

_NOTHING_GIVEN = Given(None, {})
_LARGEST = LARGEST_CHANGE - 64 * 1024  # the city reads other names of fields and devices


class SaveTransaction:
    """The saves of one call, inside one write transaction. ``ward``: of what is begun; "": this PC's own."""

    def __init__(
        self, connection: Any, context: StoreContext, officer: Officer, touch: Touch, *, ward: str = ""
    ) -> None:
        self._db = connection
        self._context = context
        self.officer = officer
        self._touch = touch
        self._now: datetime = context.clock.now()
        enrolment = read_enrolment(connection)
        self._device = enrolment.device if enrolment else ""
        home = enrolment.ward if enrolment else ""
        self._ward = ward or home
        self._stamps = Stamps(connection, context.clock, self._device)
        self._numbers = NumberSource(connection, self._now, self._device, home)
        self._works: dict[str, Work] = {}
        self._made: list[Change] = []
        self._superseded: list[tuple[int]] = []
        self._given_up: set[str] = set()  # the records of these
        self._unsaid: dict[str, tuple[str, ...]] = {}  # by record: what the next change stands in place of

    def run(self, saves: Sequence[Save]) -> list[str]:
        """Write all of them; the ids of their records. Raises SaveRefused before anything is written for good."""
        ids = [save.opened.id if save.opened else save.id or self._context.ids.new() for save in saves]
        self._works = load(self._db, [i for i, save in zip(ids, saves, strict=True) if save.opened or save.id])
        for save, record_id in zip(saves, ids, strict=True):
            self._save(save, record_id)
        self._write(by_hand=True)
        return ids

    def _save(self, save: Save, record_id: str) -> None:
        record_type = self._context.plans.of(save.type).record_type
        if record_type is None:
            raise SaveRefused(f"Bản phần mềm này không có sổ “{save.type}”; hãy cập nhật. (Unknown register)")
        work = self._works.get(record_id)
        if save.opened is None:
            if work is not None:
                raise SaveRefused(f"Đã có bản ghi mang mã {record_id} trên máy này. (The record exists already)")
            work = self._works[record_id] = Work(None, None, None, [])
            CreateSave(self, save, record_type, record_id, work).run()
        else:
            if work is None or work.shown is None:
                raise SaveRefused(f"Bản ghi {record_id} không còn trên máy này. (The record is not on this PC)")
            if work.is_only_at_hub:
                raise SaveRefused(
                    "Hồ sơ này do máy khác lập và mới ở máy trung gian; sửa được khi thành phố đã nhận. (Only at the hub yet)"
                )
            if not work.open and work.shown.revision == 0:
                self._begin_again(work, record_id, missing.held_at(self._db).get(record_id, 0))
            RecordSave(self, save, record_type, record_id, work).run()
        shown = work.replayed(record_type)
        work.shown = shown if shown is not None else work.shown

    def change(self, save: Save, work: Work, record_id: str, kind: ChangeKind, **parts: Any) -> None:
        """Add one change to the outbox and to the record's unanswered ones."""
        sequence, clock = self._stamps.next()
        shown = work.shown
        # a record that is begun here has the id of its first change: one id less to be carried
        begun = kind == "create" and save.opened is None and save.id is None
        change_id = record_id if begun else self._context.ids.new()
        made = Change(
            change_id=change_id,
            save_id=save.save_id or (self._made[0].save_id if self._made else change_id),
            record_id=record_id,
            type=save.type,
            ward=shown.ward if shown else self._ward,
            kind=kind,
            pack=self._context.catalog.version,
            officer=self.officer,
            device=self._device,
            device_seq=sequence,
            in_place_of=self._unsaid.pop(record_id, ()),
            at=moment_text(self._now),
            clock=clock,
            **{"reason": save.reason, "base_revision": save.opened.revision if save.opened else 0, **parts},
        )
        self._made.append(made)
        work.open.append(OpenChange(made, "pending"))
        if kind == "create" and made.number is not None:
            self._came_with_number(made)

    def number(self, record_type: RecordType, record_id: str, shown: RecordVersion | None, fields: Fields) -> Given:
        """The number an action takes; a record that has one keeps it. ``fields``: as the action leaves them."""
        if shown is not None and shown.number is not None:
            return _NOTHING_GIVEN
        ward = shown.ward if shown is not None else self._ward
        given = self._numbers.give(record_type, record_id, self.officer, fields, ward)
        if given.number is None and record_type.register is not None and record_type.register.kind != "service":
            since = moment_text(self._now)
            own = f" {self._device}" if record_type.register.kind == "local" else ""
            return Given(None, {**given.fields, AWAITING: since + own})
        return given

    def _came_with_number(self, begun: Change) -> None:
        """History from a file: no lease is used, and the ward's book goes on above it. A series of one PC names that."""
        record_type = self._context.plans.of(begun.type).record_type
        if record_type is None or record_type.register is None or record_type.register.kind != "leased":
            return
        version = RecordVersion(id=begun.record_id, type=begun.type, ward=begun.ward, scope=record_type.scope, revision=0,
                                state=begun.to_state or "", number=begun.number, fields=begun.after)  # fmt: skip
        brought.note(self._db, self._context.plans, [version])

    def begin_again(self, record_id: str, held: int) -> None:
        """Offer a record whole, as it stands here: the city had it once, at the revision ``held``, and has it no longer."""
        self._works = load(self._db, [record_id])
        work = self._works[record_id]
        self.supersede(work.open)
        work.open = []
        self._begin_again(work, record_id, held)
        self._write()

    def tell_held(self, held: RecordVersion, epoch: str, before: Fields, after: Fields) -> None:
        """Say what this PC held of the record in an ``epoch`` of before the city was restored, over what the city has."""
        self._works = load(self._db, [held.id])
        work = self._works[held.id]
        if work.row is None or work.shown is None:
            return
        save = Save(type=held.type, fields={}, opened=record_of(work.row), reason=held.updated_by)
        self.change(save, work, held.id, "edit", before={**before, HELD_IN: epoch}, after=after, state=work.shown.state,
                    to_state=held.state, number=held.number, base_revision=held.revision)  # fmt: skip
        work.shown = work.replayed(self._context.plans.of(held.type).record_type)
        self._write()

    def take_back(self, record_id: str, reason: str) -> list[Change]:
        """Give up what the city refused of a record; the changes. The city hears of it, so that it takes no late copy."""
        self._works = load(self._db, [record_id])
        work = self._works[record_id]
        refused = [c for c in work.open if c.status == "refused"]
        self.supersede(refused)
        work.open = [c for c in work.open if c not in refused]
        if work.row is None or work.shown is None or all(c.change.only_takes_back for c in refused):
            self._unsaid.clear()  # whoever may not say it either need not say it for ever
        else:
            opened = record_of(work.row)
            save = Save(type=opened.type, fields={}, opened=opened, reason=reason)
            self.change(save, work, record_id, "edit", state=work.shown.state)
        self._write()
        return [c.change for c in refused]

    def _begin_again(self, work: Work, record_id: str, held: int) -> None:
        shown = work.shown
        if shown is None:
            return
        fields = {k: v for k, v in shown.fields.items() if v is not None}
        work.base = None
        save = Save(type=shown.type, fields={}, id=record_id)
        self.change(save, work, record_id, "create", after=fields, to_state=shown.state, number=shown.number,
                    base_revision=held)  # fmt: skip

    def give_number(self, record_id: str) -> bool:
        """Number a record that waits for it, whoever took the action and wherever; False while no number can be given."""
        self._works = load(self._db, [record_id])
        work = self._works.get(record_id)
        record_type = self._context.plans.of(work.shown.type).record_type if work and work.shown else None
        if work is None or work.shown is None or record_type is None or any(c.status == "hub" for c in work.open):
            return False
        if work.blocked:  # the number would wait behind what is refused; it is given once that is put right
            return False
        if work.shown.number is None:
            fields, since = work.shown.fields, signed_at(work.shown.fields)
            given = self._numbers.give(record_type, record_id, self.officer, fields, work.shown.ward, since=since)
            if given.number is None:
                return False
            after = {**given.fields, AWAITING: None}
            before = {k: work.shown.fields.get(k) for k in after}
            save = Save(type=work.shown.type, fields={}, opened=record_of(work.row) if work.row else None)
            self.change(save, work, record_id, "edit", before=before, after=after, state=work.shown.state,
                        number=given.number)  # fmt: skip
            work.shown = work.replayed(record_type)
            self._write()
        return work.shown is not None

    def temporary(self, record_type: RecordType, record_id: str) -> Fields:
        return self._numbers.temporary(record_type, record_id, self.officer)

    def supersede(self, changes: list[OpenChange]) -> None:
        """Refused work and what waited behind it is replaced by what is saved now; it stays in history."""
        self._superseded += [(c.seq,) for c in changes if c.seq]
        self._given_up |= {c.change.record_id for c in changes}
        for c in changes:  # what is replaced may have replaced something, and the city may not have heard of that
            told = (*self._unsaid.get(c.change.record_id, ()), *c.change.in_place_of, c.change.change_id)
            self._unsaid[c.change.record_id] = tuple(dict.fromkeys(told))[-MOST_REPLACED:]

    def is_unsaid(self, record_id: str) -> bool:
        """Whether the city has still to be told that something of the record is replaced."""
        return record_id in self._unsaid

    def _write(self, *, by_hand: bool = False) -> None:
        """``by_hand``: what the city would refuse for its size is refused here, where somebody can still shorten it."""
        if not self._made and not self._superseded:
            return
        try:
            bodies = [encode_change(c) for c in self._made]
        except OverflowError as error:  # inside a value of several parts, or of a field that this pack does not know
            raise SaveRefused(
                "Có số quá lớn, không lưu được; hãy xem lại các mục số. (A number is too large)"
            ) from error
        if by_hand and max(map(len, bodies), default=0) > _LARGEST:
            raise SaveRefused(
                f"Nội dung lưu một lần, cả cũ lẫn mới, lớn hơn {LARGEST_CHANGE // 1024} KB: bớt chữ ở mục dài, hoặc đính kèm thành "
                "tệp; để thay một nội dung dài, xóa trống mục ấy và lưu trước. (Too large to be sent, with what was there before)"
            )
        self._stamps.keep()
        if self._superseded:
            self._db.executemany("UPDATE changes SET settled = 1 WHERE seq = ?", self._superseded)
        self._db.executemany(
            "INSERT INTO changes (change_id, record_id, status, settled, at, clock, payload) "
            "VALUES (?, ?, 'pending', 0, ?, ?, ?)",
            [(c.change_id, c.record_id, c.at, c.clock, body) for c, body in zip(self._made, bodies, strict=True)],
        )
        touched = {c.record_id for c in self._made} | self._given_up
        writer = RowWriter(self._db, self._context.plans, self._touch)
        keep(self._db, {i: w for i, w in self._works.items() if i in touched}, writer, seen=True)
        writer.flush()
        for change in self._made:
            if self._context.plans.of(change.type).file_fields:
                attached_here(self._db, change.record_id, change.after)
        self._touch.outbox = True
