"""Which page is shown, and the way back.

A page is named by a key: "today", "tool:<id>", "list:<type>", "record:<id>", "conflict:<id>", "outbox", "conflicts",
"settings", "ahead", "yours", "reports", "report:<tool.report>", "duplicates", "book:<type>" (the check of a legal book). Lists stay as they were left; a record's page is made anew each time, since its draft is on disk.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from desktop.actions import ActionRow
from desktop.app import App
from desktop.language import tr
from desktop.models.quick import shown_types
from desktop.views.today import Today
from sync.clock import moment_text
from sync.ids import IdSource
from sync.store.model import Draft, Record

if TYPE_CHECKING:
    from desktop.forms.record_page import RecordPage
    from desktop.views.focus_place import Place

YOURS = "yours"
LASTING = (
    "today",
    "ahead",
    YOURS,
    "tool",
    "outbox",
    "files",
    "conflicts",
    "settings",
    "reports",
    "report",
    "duplicates",
    "book",
)


class Navigator(QStackedWidget):
    shown = Signal(str)  # key of the page
    saved = Signal()  # a record was written to this PC's disk

    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pages")
        self._app = app
        self._kept: dict[str, QWidget] = {}
        self._past: list[str] = []
        self._place: Place = ()
        self.key = ""

    @property
    def page(self) -> QWidget:
        """The page that is shown; the window shows one before anyone can ask."""
        return self.widget(self.currentIndex())

    def actions_of_page(self) -> list[ActionRow]:
        """Qt's own ``actions()`` of a plain widget gives no rows."""
        page = self.currentWidget()
        rows: list[Any] = [] if page is None else list(page.actions())
        return [row for row in rows if isinstance(row, ActionRow)]

    def can_leave(self) -> bool:
        leave = getattr(self.currentWidget(), "can_leave", None)
        return bool(leave()) if leave is not None else True

    def go(self, key: str) -> None:
        """Shows a page, unless the present one must not be left yet."""
        key, type_id = self._place_of(key)
        if not self._opens(key):
            self._app.notice(tr("frame.not_granted"), "amber")
            return
        if key == self.key or not self.can_leave():
            self._choose_type(type_id)
            return
        self._note_past()
        self._put(self._kept.get(key) or self._make(key), key)
        self._choose_type(type_id)

    def open_report(self, report_id: str, period: str) -> None:
        """A report's page, over the days that are asked for."""
        from desktop.views.report_page import ReportPage

        self.go(f"report:{report_id}")
        if isinstance(self.page, ReportPage) and self.key == f"report:{report_id}":
            self.page.show_period(period)

    def back(self) -> None:
        """To the page before this one; pages of a record that is no longer shown are made again."""
        if not self._past or not self.can_leave():
            return
        key = self._past.pop()
        self._put(self._kept.get(key) or self._make(key), key)

    def _note_past(self) -> None:
        """Where the way back leads: from a form that was begun here to the record it has become, or to its draft."""
        key, page = self.key, self.currentWidget()
        if key.partition(":")[0] in ("new", "draft"):
            record, drafts = getattr(page, "record", None), getattr(page, "drafts", None)
            key = f"record:{record.id}" if record is not None else f"draft:{drafts.draft_id}" if drafts else ""
        if key:
            self._past.append(key)

    @property
    def has_past(self) -> bool:
        return bool(self._past)

    def begin(self, type_id: str, values: dict[str, Any]) -> None:
        """The page of a new record; values to start with travel as a draft that is not yet on disk."""
        if not self._app.may_begin(self._app.catalog.record_type(type_id)):
            self._app.notice(self._why_not_begun(type_id), "amber")
            return
        if not self.can_leave():
            return
        draft = self._draft(type_id, values) if values else None
        self._open_form(type_id, None, draft, f"new:{type_id}")

    def _why_not_begun(self, type_id: str) -> str:
        """Of an officer of another ward that it is the ward; else that it is the role."""
        app = self._app
        if type_id in app.seen and type_id not in app.begun:
            return tr("frame.other_ward", ward=app.ward_name)
        return tr("frame.not_granted")

    def continue_draft(self, draft: Draft) -> None:
        if draft.type in self._app.seen and self.can_leave():
            self._open_form(draft.type, draft.record_id, draft, f"draft:{draft.id}")

    def open_record(self, record_id: str) -> None:
        """Loads the record in the background, then shows its page, or the page of its conflict."""
        store, seen = self._app.store, self._app.seen

        def load() -> Record | None:
            record = store.records.load(record_id, seen)
            if record is not None and record.is_new:
                store.records.mark_seen(record_id)
            return record

        self._app.background.run(load).then(self._open_loaded)

    def _open_loaded(self, record: Record | None) -> None:
        if record is None or record.type not in self._app.seen:  # who sits here may have changed meanwhile
            self._app.notice(tr("frame.record_gone"), "amber")
        elif record.conflicts:
            self.go(f"conflict:{record.id}")
        elif self.can_leave():
            self._open_form(record.type, record.id, None, f"record:{record.id}")

    def rebuild(self, *, home: bool = False) -> None:
        """After language or look changed: everything is made again where it stands, with the focus where it was. ``home``:
        somebody else sits here; he begins with his own day, and the way back was not his. What was typed is a draft."""
        from desktop.views.focus_place import stand_in

        self.can_leave()
        before = self.currentWidget()
        for page in self._kept.values():
            self.removeWidget(page)
            page.deleteLater()
        self._kept.clear()
        key, self.key = self.key, ""
        if home:
            self._past.clear()
            self._put(self._make("today"), "today")
            return
        page = self._again(key, before)
        self._put(page, key if not isinstance(page, Today) else "today")
        stand_in(page, self._place)

    def hold_place(self) -> None:
        """Before the frame is taken apart: where the focus stands on the page."""
        from desktop.views.focus_place import place_in

        self._place = place_in(self.page)

    def _again(self, key: str, before: QWidget | None) -> QWidget:
        """The same page anew: a form with all that is typed in it."""
        from desktop.forms.record_page import RecordPage

        if isinstance(before, RecordPage) and before.record_type.id in self._app.seen:
            draft = self._app.store.drafts.get(before.drafts.draft_id)
            record_id = before.record.id if before.record else None
            if draft is None and record_id is None:  # begun from another record, and nothing typed yet
                draft = self._draft(before.record_type.id, before.view.draft_fields())
            page = RecordPage(self._app, before.record_type, record_id, draft)
            self._connect(page)
            return page
        return self._make(key) if self._opens(key) else Today(self._app)

    def _open_form(self, type_id: str, record_id: str | None, draft: Draft | None, key: str) -> None:
        from desktop.forms.record_page import RecordPage

        page = RecordPage(self._app, self._app.catalog.record_type(type_id), record_id, draft)
        self._connect(page)
        self._note_past()
        self._put(page, key)

    def _connect(self, page: RecordPage) -> None:
        page.closed.connect(self._close_page)
        page.saved.connect(lambda _record_id: self.saved.emit())
        page.open_requested.connect(self._app.open_record)
        page.saved.connect(lambda _record_id: QTimer.singleShot(0, page, partial(self._offer_next, page)))

    def _offer_next(self, page: RecordPage) -> None:
        """Whoever signs one after the other is shown the way back to what still waits for him."""
        notice = page.notice
        if self._past[-1:] == [YOURS] and self.page is page and notice.isVisible() and notice.do is None:
            kind = str(notice.property("kind"))
            notice.say(notice.text.text(), kind, (f"{tr('frame.yours_back')}   Alt+←", self.back))

    def _close_page(self) -> None:
        """A page that closed itself asks nothing more before it is left."""
        while self._past:
            key = self._past.pop()
            if key.partition(":")[0] in LASTING:
                self._put(self._kept.get(key) or self._make(key), key)
                return
        self._put(self._kept.get("today") or self._make("today"), "today")

    def _put(self, page: QWidget, key: str) -> None:
        before = self.currentWidget()
        if self.indexOf(page) < 0:
            self.addWidget(page)
        if key.partition(":")[0] in LASTING:
            self._kept[key] = page
        self.key = key
        self.setCurrentWidget(page)
        if before is not None and before is not page and before not in self._kept.values():
            self.removeWidget(before)
            before.deleteLater()
        first = getattr(page, "focus_first", None)
        if first is not None:
            first()
        self.shown.emit(key)

    def _make(self, key: str) -> QWidget:
        """A page by its key; modules are imported when first needed, to keep the start short."""
        kind, _, name = key.partition(":")
        page: QWidget
        match kind:
            case "tool":
                page = self._make_tool(name)
            case "outbox":
                from desktop.views.outbox import Outbox

                page = Outbox(self._app)
            case "files":
                from desktop.views.files import FilesPage

                page = FilesPage(self._app)
            case "conflicts":
                from desktop.views.conflicts import Conflicts

                page = Conflicts(self._app)
            case "settings" | "ahead" | "yours":
                page = self._make_plain(kind)
            case "reports":
                from desktop.views.report_list import ReportList

                page = ReportList(self._app)
                page.chosen.connect(lambda report_id: self.go(f"report:{report_id}"))
            case "book" | "duplicates":
                page = self._make_check(kind, name)
            case "report":
                from desktop.views.report_page import ReportPage

                page = ReportPage(self._app, name)
            case "conflict":
                page = self._make_conflict(name)
            case "record" | "draft":
                page = self._make_again(kind, name)
            case _:
                page = Today(self._app)
        return page

    def _make_plain(self, kind: str) -> QWidget:
        if kind == "settings":
            from desktop.views.settings import SettingsPage

            return SettingsPage(self._app)
        if kind == "yours":
            from desktop.views.yours import Yours

            return Yours(self._app)
        from desktop.views.ahead import Ahead

        return Ahead(self._app)

    def _make_check(self, kind: str, name: str) -> QWidget:
        """Pages for looking something through: a legal book, what may have been entered twice."""
        if kind == "book":
            from desktop.views.book_page import BookPage

            return BookPage(self._app, name)
        from desktop.views.doubles import Doubles

        return Doubles(self._app)

    def _make_tool(self, tool_id: str) -> QWidget:
        from desktop.views.tool_page import ToolPage

        return ToolPage(self._app, next(tool for tool in self._app.catalog.tools if tool.id == tool_id))

    def _make_conflict(self, record_id: str) -> QWidget:
        from desktop.forms.conflict_page import ConflictPage

        if self._app.load(record_id) is None:
            return Today(self._app)
        page = ConflictPage(self._app, record_id)
        page.closed.connect(self._close_page)
        page.saved.connect(lambda _record_id: self.saved.emit())
        page.next_requested.connect(self._app.open_record)
        # not open_record, which would lead back here
        page.open_requested.connect(lambda open_id: self.go(f"record:{open_id}"))
        return page

    def _make_again(self, kind: str, name: str) -> QWidget:
        """On the way back to a form: one record or draft read by key, a tenth of a millisecond."""
        from desktop.forms.record_page import RecordPage

        draft = self._app.store.drafts.get(name) if kind == "draft" else None
        record = self._app.load(name) if kind == "record" else None
        shown = draft or record
        if shown is None or shown.type not in self._app.seen:
            return Today(self._app)
        record_id = name if record is not None else None
        page = RecordPage(self._app, self._app.catalog.record_type(shown.type), record_id, draft)
        self._connect(page)
        return page

    def _opens(self, key: str) -> bool:
        """Whether the officer sees a register of the tool a page is of; records are asked for when they are loaded."""
        kind, _, name = key.partition(":")
        if kind == "book":
            return name in self._app.seen
        return kind != "tool" or any(
            tool.id == name and shown_types(tool, self._app.seen) for tool in self._app.catalog.tools
        )

    def _place_of(self, key: str) -> tuple[str, str]:
        """A list is a tab of its tool's page."""
        kind, _, name = key.partition(":")
        return (f"tool:{name.partition('.')[0]}", name) if kind == "list" else (key, "")

    def _choose_type(self, type_id: str) -> None:
        choose = getattr(self.currentWidget(), "show_type", None)
        if type_id and choose is not None:
            choose(type_id)

    def _draft(self, type_id: str, values: dict[str, Any]) -> Draft:
        now = self._app.clock.now()
        return Draft(
            id=IdSource(self._app.clock).new(),
            type=type_id,
            record_id=None,
            fields=values,
            opened=None,
            updated_at=moment_text(now),
        )
