"""One record on the screen: header, form, side cards, history, papers; how it is begun, kept, saved and printed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.actions import ActionRow
from desktop.forms.action_bar import main_offer, offered
from desktop.forms.bringing import Bringing
from desktop.forms.drafts import DraftKeeping
from desktop.forms.entries import draft_entry, entry_of, new_entry, without_clock
from desktop.forms.main_key import MainKey
from desktop.forms.newer_version import NewerVersion
from desktop.forms.next_steps import NextSteps
from desktop.forms.page_draft import PageDraft
from desktop.forms.page_rows import page_rows
from desktop.forms.printing_flow import PrintingFlow
from desktop.forms.record_body import Around, RecordBody
from desktop.forms.record_header import NoticeLine, RecordHeader
from desktop.forms.refused_fields import RefusedFields
from desktop.forms.saving import SavingFlow
from desktop.forms.side_cards import field_labels
from desktop.forms.standing import refused_at_fields
from desktop.forms.visit_table import next_line_values, unfinished
from desktop.language import say, tr
from desktop.models.tags import state_tag
from forms.definition import RecordType
from forms.entry import RecordEntry
from sync.ids import IdSource
from sync.store.model import Draft, HistoryRow, Record

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.forms.form_view import FormView


class RecordPage(QWidget):
    closed = Signal()
    saved = Signal(str)
    actions_changed = Signal()  # another record, or a new one was saved: its keys are others
    title_changed = Signal(str)
    open_requested = Signal(str)

    def __init__(
        self,
        app: App,
        record_type: RecordType,
        record_id: str | None = None,
        draft: Draft | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.app, self.record_type = app, record_type
        self._was_at_hub = self._was_sent_back = False
        record_id = record_id or (draft.record_id if draft else None)
        self.record: Record | None = app.store.records.load(record_id) if record_id else None
        self.opened: Record | None = self.record
        self.entry = self._begin(draft)
        self.is_given = draft is not None and bool(draft.fields)  # something stood in it when it was opened
        self._reading = 0
        self._bringing = Bringing(app)
        self.tell_rest_of_visit = False
        self.page_draft = PageDraft(self)
        self.drafts = DraftKeeping(app, self._draft_id(draft), self.page_draft.made, self)
        self.refused = RefusedFields(self)
        self._build()
        self.printing = PrintingFlow(self)
        self.saving = SavingFlow(self)
        self.main_key = MainKey(self)
        self.next = NextSteps(self)
        self.newer = NewerVersion(self)
        self.body.view.changed.connect(self._changed)
        self.body.view.typed.connect(self.drafts.touch)
        self.drafts.kept.connect(self.header.show_draft)
        self.drafts.failed.connect(lambda why: self.notice.say(tr("form.draft.failed", reason=why), "amber"))
        self.show_frame()
        self.read_around()
        if draft is not None:
            self.page_draft.tell_left(draft)
        elif self.record is not None:
            self.page_draft.look_for_left(self.record.id)

    @property
    def view(self) -> FormView:
        return self.body.view

    @property
    def is_changed(self) -> bool:
        """Whether the form holds something that is not saved."""
        if self.opened is None:
            return bool(self.view.set_by_officer) or self.drafts.exists
        before = {k: v for k, v in self.opened.fields.items() if v is not None}
        return without_clock(self.entry, before) != before

    def actions(self) -> list[ActionRow]:  # type: ignore[override]  # rows, not Qt's own
        """What can be done here; the palette and the sheet of keys show the same rows."""
        return page_rows(self)

    def can_leave(self) -> bool:
        """Always: what is not saved is a draft on the disk before the page goes."""
        self.view.commit_typed()
        self.drafts.keep_now()
        return True

    def focus_first(self) -> None:
        self.view.walk.go_to_first()

    def focus_again(self, path: str) -> None:
        """After a save: the field one stood in, else the first that may still be typed in, if it is in sight, else what is
        read or printed; never a button that takes the next step, which a second Enter would press, and never a field far below,
        where a key would change what nobody sees."""
        if path and self.view.can_type(path):
            self.view.walk.go_to(path)
        elif not self.view.walk.go_to_first(in_sight=True):
            (self.body.tabs if self.header.print_button.isHidden() else self.header.print_button).setFocus()

    def save(self, action_id: str | None = None) -> None:
        """Saves, taking an action when one is given."""
        self.saving.run(action_id)

    def take_main_action(self) -> None:
        """F9: the form's main action, or a plain save where there is none."""
        self.main_key.press()

    def print_paper(self, printout_id: str | None = None) -> None:
        """Ctrl+P: saved first, then the preview of this paper, or a list of what can be printed."""
        if printout_id:
            self.printing.show(printout_id)
        else:
            self.printing.choose()

    def begin_next_of_visit(self) -> None:
        """The next line of the same visit, with what carries over already in it."""
        if self.record is not None:
            values = next_line_values(self.record_type, self.record)
            self.show_record(None, new_entry(self.app, self.record_type, values))
            self.notice.clear()
            self.focus_first()
            self.read_around()

    def discard_draft(self) -> None:
        """Back to what was saved."""
        self.drafts.discard()
        self.notice.clear()
        if self.record is None:
            self.closed.emit()
            return
        self.show_record(self.record, entry_of(self.app, self.record))

    def show_record(self, record: Record | None, entry: RecordEntry) -> None:
        """Puts another record (or its newer version) under the same widgets."""
        if record is None or self.record is None or record.id != self.record.id:
            self.main_key.free()
        self.record = self.opened = record
        self.entry = entry
        self.view.show_entry(entry)
        self.drafts.restart(record.id if record else IdSource(self.app.clock).new())
        self.problems.clear()
        self.show_frame()
        self.actions_changed.emit()

    def show_frame(self) -> None:
        """Everything that follows from the entry and the record; the fields refresh themselves."""
        self._show_title()
        state = state_tag(self.record_type, self.entry.state) if self.record else None
        self.header.show_state(state)
        if not self.drafts.exists:
            self.header.show_draft(None)
        self._show_actions()
        self.body.cards.show_entry(self.entry, self.record)

    def read_around(self) -> None:
        """History, deliveries, prints and the visit, in the background; the newest reading wins."""
        self._reading += 1
        ticket, record = self._reading, self.record

        def show(found: Around) -> None:
            if ticket != self._reading:
                return
            self.body.show_around(record, found)
            self._tell_rest(found.visit)
            self.refused.show(refused_at_fields(found.rows, found.deliveries))

        self.app.background.run(lambda: self.body.read(record), self).then(show)

    def after_save(self, record: Record) -> None:
        """The store has it: the form shows what was written, the draft is gone."""
        self.show_record(record, entry_of(self.app, record))
        self.saved.emit(record.id)
        self.read_around()

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        """The form's own keys; ShortcutOverride below brings them here before the window's."""
        run = self._key(event)
        if run is not None:
            event.accept()
            if not event.isAutoRepeat():  # a key that is held does it once
                run()
        elif event.key() in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            event.accept()
            self.body.turn_page(event.key() == Qt.Key.Key_PageDown)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent, /) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._key(event):
            event.accept()
            return True
        return super().event(event)

    def closeEvent(self, event: QCloseEvent, /) -> None:
        self.can_leave()
        super().closeEvent(event)

    def _key(self, event: QKeyEvent) -> Any:
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if plain:
            return {Qt.Key.Key_F9: self.take_main_action, Qt.Key.Key_F8: self.view.walk.scan_card}.get(
                Qt.Key(event.key())
            )
        if control and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return {Qt.Key.Key_S: self.save, Qt.Key.Key_P: self.printing.choose}.get(Qt.Key(event.key()))
        return None

    def _begin(self, draft: Draft | None) -> RecordEntry:
        if draft is None:
            return entry_of(self.app, self.record) if self.record else new_entry(self.app, self.record_type)
        if draft.record_id is None and self.app.store.drafts.get(draft.id) is None:
            return new_entry(self.app, self.record_type, draft.fields)
        return draft_entry(self.app, self.record_type, draft, self.record)

    def _draft_id(self, draft: Draft | None) -> str:
        if draft is not None:
            return draft.id
        return self.record.id if self.record else IdSource(self.app.clock).new()

    def _build(self) -> None:
        px = self.app.look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(18), px(12), px(18), px(8))
        column.setSpacing(px(8))
        self.header = RecordHeader(self.app, self.save, self.print_paper, self)
        self.header.action_bar.chosen.connect(self.save)
        column.addWidget(self.header)
        from desktop.forms.dialogs import ProblemList

        self.problems = ProblemList(self.app, self)
        self.notice = NoticeLine(self.app, self)
        column.addWidget(self.problems)
        column.addWidget(self.notice)
        self.body = RecordBody(self.app, self.record_type, self.entry, self)
        self.problems.chosen.connect(self.body.go_to_field)
        self.body.cards.resolve_requested.connect(self._resolve)
        self.body.cards.field_requested.connect(self.refused.go)
        self.body.visit.open_requested.connect(self.open_requested)
        self.body.visit.next_requested.connect(self.begin_next_of_visit)
        self.body.papers.print_requested.connect(self.print_paper)
        column.addWidget(self.body, 1)

    def _show_title(self) -> None:
        label = say(self.record_type.label)
        title = (self.record.title if self.record else "") or tr("form.new", label=label)
        if self.record and self.record.title and label not in title:
            title = f"{label} · {title}"
        self.header.show_title(title, self.record.subtitle if self.record else "")
        self.title_changed.emit(title)

    def _show_actions(self) -> None:
        officer = self.app.officer
        at_hub = self.record is not None and self.record.standing == "hub" and not self.record.revision
        writes = self.app.may_write(self.record_type) and not at_hub
        self.view.let_write(allowed=writes)
        back = self._sent_back() if at_hub else None
        if (self._was_at_hub and not at_hub) or (self._was_sent_back and back is None):
            self.notice.hide()  # the city has it now, or is given it once more
        self._was_at_hub, self._was_sent_back = at_hub, back is not None
        offers = offered(self.entry, officer, begun=self.record is None) if writes else []
        self.header.save_button.setVisible(writes)
        if back is not None:
            self.notice.say(tr("form.sent_back_there", officer=back.change.officer.name), "amber")
        elif not writes and self.notice.isHidden():
            key = "form.only_at_hub" if at_hub else "form.read_only"
            self.notice.say(tr(key, label=say(self.record_type.label)), "amber")
        self.header.let_save_lead(self.record is None and main_offer(offers, officer) is None)
        self.header.show_offers(offers)
        self.header.print_button.setVisible(bool(self.record_type.printouts) and self.record is not None)

    def _sent_back(self) -> HistoryRow | None:
        """What the city refused of a record that another PC made, which the hub alone told of."""
        rows = self.app.store.changes.history(self.record.id) if self.record else ()
        return next((row for row in rows if row.is_sent_back), None)

    def _changed(self, paths: frozenset[str]) -> None:
        self.drafts.touch()
        if self.record is None and (brought := self._bringing.along(self.entry, paths, self.view.set_by_officer)):
            self.view.fill(brought)
            labels = ", ".join(field_labels(self.record_type, brought))
            self.notice.say(tr("form.brought", fields=labels), "blue")
        self.problems.tell_mended(self.entry)
        self._show_actions()
        self.body.cards.show_entry(self.entry, self.record)
        if not self.drafts.exists:
            self.header.show_draft(None, pending=True)

    def _tell_rest(self, lines: Sequence[Record]) -> None:
        """A number was just given, and others of the same visit have none yet: the next one is a press away."""
        rest = unfinished(self.record_type, [line for line in lines if self.record and line.id != self.record.id])
        if self.tell_rest_of_visit and rest:
            text = f"{self.notice.text.text()} {tr('form.visit.rest', count=len(rest))}"
            self.notice.say(text, "blue", (tr("form.visit.rest_open"), partial(self.open_requested.emit, rest[0].id)))
        self.tell_rest_of_visit = False

    def _resolve(self) -> None:
        """The window shows the conflict page of a record in conflict."""
        if self.record is not None:
            self.open_requested.emit(self.record.id)
