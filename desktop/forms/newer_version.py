"""A record that changes under its open form: another program of this PC wrote it, or a sync brought it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs
from PySide6.QtCore import QObject

from desktop.forms.entries import entry_of, without_clock
from desktop.forms.meeting import meet
from desktop.forms.side_cards import field_labels
from desktop.language import say, tr
from forms.entry_values import TYPED
from sync.store.model import Record, Touched

if TYPE_CHECKING:
    from desktop.forms.record_page import RecordPage


class NewerVersion(QObject):
    def __init__(self, page: RecordPage) -> None:
        super().__init__(page)
        self._page = page
        page.app.touched.connect(self._touched)

    def take_in(self, fresh: Record) -> None:
        """Shows what the officer has not touched as it is now, and says so in one line, naming nobody (as ``_tell_moved``)."""
        page = self._page
        opened = page.opened or fresh
        if fresh.fields == opened.fields and fresh.state == opened.state:
            page.opened = structs.replace(fresh, fields=opened.fields)
            return
        page.view.commit_typed()
        met = meet(page.record_type, opened.fields, without_clock(page.entry, opened.fields), fresh.fields)
        page.opened = structs.replace(fresh, fields=met.opened)
        kept = set(page.view.set_by_officer)
        page.entry = entry_of(page.app, fresh, met.fields)
        page.view.show_entry(page.entry)
        page.view.set_by_officer |= kept
        page.drafts.touch()
        if fresh.state != opened.state:
            self._tell_moved_away(fresh, met.clashes)
            return
        for names, key, kind in ((met.taken, "form.merged", "blue"), (met.clashes, "form.merged.clash", "amber")):
            if labels := field_labels(page.record_type, names):
                page.notice.say(tr(key, fields=", ".join(labels)), kind)

    def _tell_moved_away(self, fresh: Record, clashes: tuple[str, ...]) -> None:
        """The same where something was typed that is not saved: it still stands in the form, and may be locked there now. What
        came along belongs to the step; the history has it."""
        page = self._page
        saved, mine = fresh.fields, without_clock(page.entry, fresh.fields)
        unread = {path.partition("/")[0] for path in mine.get(TYPED, ())}
        own = [f.name for f in page.record_type.fields if mine.get(f.name) != saved.get(f.name) or f.name in unread]
        own = [name for name in own if not page.entry.is_calculated(name) or page.entry.is_overridden(name)]
        if not own:  # what was typed has come from elsewhere too
            self._tell_moved(fresh)
            return
        locked = any(page.entry.is_locked(name) for name in own)
        key = "form.moved.typed_locked" if locked else "form.moved.typed"
        state = say(page.record_type.state(fresh.state).label)
        text = tr(key, state=state, fields=", ".join(field_labels(page.record_type, own)))
        if clashes and not locked:
            text = f"{text} {tr('form.merged.clash', fields=', '.join(field_labels(page.record_type, clashes)))}"
        page.notice.say(text, "amber", (tr("form.draft.discard"), page.discard_draft))

    def _tell_moved(self, fresh: Record) -> None:
        """Somebody signed or voided what is open here: the page must not turn into another under the eyes of who reads it.
        Whoever changed the record last need not be who did that, so nobody is named: the history knows."""
        state = self._page.record_type.state(fresh.state)
        kind = "amber" if state.kind == "void" else "blue"
        self._page.notice.say(tr("form.moved", state=say(state.label)), kind)

    def _touched(self, touched: Touched) -> None:
        """What a committed write changed under the open form."""
        page = self._page
        if page.record is None or (page.record.id not in touched.records and not touched.outbox):
            return
        if page.record.id in touched.records and not page.saving.is_busy:
            store, record_id = page.app.store, page.record.id
            page.app.background.run(lambda: store.records.load(record_id)).then(self._came)
        else:
            page.read_around()

    def _came(self, fresh: Record | None) -> None:
        page = self._page
        if fresh is None or page.record is None or fresh.id != page.record.id or page.saving.is_busy:
            return
        if page.is_changed and page.opened is not None:
            self.take_in(fresh)
        elif fresh.fields != page.record.fields or fresh.state != page.record.state:
            moved = fresh.state != page.record.state
            page.show_record(fresh, entry_of(page.app, fresh))
            if moved:
                self._tell_moved(fresh)
        page.record = fresh
        if not page.is_changed:
            page.opened = fresh
        page.show_frame()
        page.read_around()  # only now: where it stands is told of the record that came
