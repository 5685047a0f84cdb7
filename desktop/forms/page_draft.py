"""The draft of one record's page: what is kept of the form, and how a draft that was left is shown again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.forms.entries import draft_entry
from desktop.language import say, tr
from desktop.models.dates import when
from desktop.models.today_rows import is_of_another
from sync.store.model import Draft

if TYPE_CHECKING:
    from desktop.forms.record_page import RecordPage


class PageDraft(QObject):
    def __init__(self, page: RecordPage) -> None:
        super().__init__(page)
        self._page = page
        self._typist = page.app.officer  # whose draft it is, also when somebody else signs in over the open form

    def made(self, at: str) -> Draft | None:
        """The form as it stands now; None where there is nothing to keep."""
        page = self._page
        page.view.commit_typed()
        fields = page.view.draft_fields()
        if not page.is_changed and fields == page.entry.draft_fields:
            return None
        return Draft(
            id=page.drafts.draft_id,
            type=page.record_type.id,
            record_id=page.record.id if page.record else None,
            fields=fields,
            opened=page.opened,
            updated_at=at,
            title=page.entry.title or tr("form.new", label=say(page.record_type.label)),
            by=self._typist.id if self._typist else "",
            by_name=self._typist.name if self._typist else "",
        )

    def look_for_left(self, record_id: str) -> None:
        """In the background: a draft that was left at a saved record."""
        store = self._page.app.store
        self._page.app.background.run(lambda: store.drafts.get(record_id)).then(self._reopen)

    def tell_left(self, draft: Draft) -> None:
        """Since when the form holds what was not saved, and whose it is; it can be thrown away."""
        page = self._page
        if page.app.store.drafts.get(draft.id) is None:
            return
        page.drafts.exists = True
        page.header.show_draft(draft.updated_at)
        time = when(draft.updated_at, page.app.clock.now())
        text = tr("form.draft.opened" if page.record is not None else "form.draft.opened_new", time=time)
        if is_of_another(draft, page.app.officer.id if page.app.officer else ""):
            text = tr("form.draft.opened_other", name=draft.by_name, time=time)
        page.notice.say(text, "blue", (tr("form.draft.discard"), page.discard_draft))

    def _reopen(self, draft: Draft | None) -> None:
        page = self._page
        if draft is None or page.view.set_by_officer or page.record is None:
            return
        page.entry = draft_entry(page.app, page.record_type, draft, page.record)
        page.opened = draft.opened or page.record
        page.view.show_entry(page.entry)
        page.newer.take_in(page.record)
        page.show_frame()
        self.tell_left(draft)
