"""What has not reached the city yet, why, and what to do about it."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtWidgets import QWidget

from desktop.actions import ActionRow
from desktop.app import App
from desktop.language import say, say_error, tr
from desktop.models.dates import when
from desktop.models.rows import RowContext
from desktop.models.table import Column, Row
from desktop.models.tags import change_tag
from desktop.theme import SMALL
from desktop.views.files import FilesLine
from desktop.views.table_page import TablePage
from desktop.widgets.basics import Card, button, text_label
from desktop.widgets.flow import FlowLine
from forms.definition import RecordType
from sync.protocol import Change
from sync.store import Store
from sync.store.model import HistoryRow, Touched

NOT_THERE = {"pending", "refused", "parked", "conflict"}
Loaded = tuple[tuple[HistoryRow, ...], tuple[Row, ...], bool]
"""Changes, how each is shown, and whether there are others that the officer may not see."""


class Outbox(TablePage):
    """One row a change, oldest first: the order they travel in."""

    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(app, tr("frame.outbox"), parent)
        self._changes: dict[str, HistoryRow] = {}
        self._sync = button(tr("frame.sync_now"), app.sync_now)
        self._sync.setEnabled(app.sync is not None)
        stick = button(tr("bundle.open"), self._show_bundle, tip=tr("bundle.open_tip"))
        stick.setEnabled(app.enrolment is not None)
        self.head.addWidget(stick)
        self.head.addWidget(self._sync)
        self.column.addWidget(text_label(tr("frame.outbox_about"), "quiet", wrap=True))
        self.files = FilesLine(app)
        self.column.addWidget(self.files)
        columns = (
            Column("status", tr("frame.column_stand")),
            Column("at", tr("frame.column_when")),
            Column("what", tr("frame.column_change"), stretch=True, width=40),
            Column("title", tr("frame.column_record"), stretch=True, width=40),
            Column("officer", tr("frame.column_officer"), width=22),
        )
        self.put_table(
            columns, name=tr("frame.outbox"), empty=tr("frame.outbox_empty"), advice=tr("frame.outbox_empty_advice")
        )
        app.files_moved.connect(self._files_moved)
        self.table.opened.connect(self._open)
        self.table.moved.connect(self._explain)
        self.why = Card(app.look)
        self._why = text_label("", wrap=True)
        self.why.body.addWidget(self._why)
        self._retry = button(tr("frame.retry"), self._try_again, tip=tr("frame.retry_tip"))
        self.why.body.addSpacing(app.look.px(SMALL))
        line = FlowLine(app.look.px(SMALL))
        line.add(self._retry)
        self._withdraw = button(tr("conflicts.withdraw"), self.withdraw, tip=tr("conflicts.withdraw_tip"))
        line.add(self._withdraw)
        self.why.body.addWidget(line)
        self.why.hide()
        self.column.addWidget(self.why)

    def actions(self) -> list[ActionRow]:  # type: ignore[override]  # rows, not Qt's own
        return [
            ActionRow(
                id="outbox.retry",
                title=tr("frame.retry"),
                icon="retry",
                run=self._try_again,
                enabled=self._retry.isVisible,
                group=tr("frame.outbox"),
            ),
            ActionRow(
                id="outbox.withdraw",
                title=tr("conflicts.withdraw"),
                icon="close",
                run=self.withdraw,
                enabled=self._withdraw.isVisible,
                group=tr("frame.outbox"),
            ),
            ActionRow(
                id="outbox.files",
                title=tr("frame.files_see"),
                icon="outbox",
                run=self.files.see,
                group=tr("frame.outbox"),
            ),
        ]

    def concerns(self, touched: Touched) -> bool:
        return touched.outbox

    def _files_moved(self, _touched: Touched) -> None:
        if self.isVisible():
            self.files.refresh()
        else:
            self._stale = True

    def refresh(self) -> None:
        store, context, seen = self.app.store, self.app.rows, self.app.seen

        def load() -> Loaded:
            return *outbox_rows(store, context, seen), store.overview(context.now(), seen).unseen_waiting

        self.app.background.run(load).then(self._show)
        self.files.refresh()

    def _show(self, loaded: Loaded) -> None:
        changes, rows, unseen = loaded
        self.empty.say(
            tr("frame.outbox_empty_of_yours" if unseen else "frame.outbox_empty"),
            tr("frame.outbox_empty_unseen" if unseen else "frame.outbox_empty_advice"),
        )
        self._changes = {row.change.change_id: row for row in changes}
        self.show_rows(rows)
        self._explain(self.table.current_key())

    def _open(self, change_id: str) -> None:
        self.app.open_record(self._changes[change_id].change.record_id)

    def _explain(self, change_id: str) -> None:
        """Why the change one stands on waits, in whole sentences."""
        row = self._changes.get(change_id)
        self.why.setVisible(row is not None)
        if row is None:
            return
        lines = [tr(f"frame.why_{row.status}")]
        record_type = self.app.catalog.record_type(row.change.type)
        for problem in row.problems:
            name = field_name(record_type, problem.field)
            why = say(problem.label)
            lines.append(f"• {name}: {why}" if name else f"• {why}")
        self._why.setText("\n".join(lines))
        self._retry.setVisible(row.status in {"refused", "parked"})
        self._withdraw.setVisible(row.status == "refused" and row.change.kind != "create")

    def _show_bundle(self) -> None:
        from desktop.views.bundle_sheet import BundleSheet

        BundleSheet(self.app, self.window()).open()

    def withdraw(self) -> None:
        """Asks why, and gives up what the city refused: the record is again as the city has it."""
        row, app = self._changes.get(self.table.current_key()), self.app
        if row is None or app.officer is None or not self._withdraw.isVisible():
            return
        from desktop.views.book_sheets import ReasonSheet

        record_id, officer, store = row.change.record_id, app.officer, app.store
        about = tr("conflicts.withdraw_about")
        sheet = ReasonSheet(app, tr("conflicts.withdraw_title"), about, tr("conflicts.withdraw_go"), self.window())

        def write(reason: str) -> None:
            task = app.background.run(lambda: store.changes.withdraw(record_id, officer, reason), self)
            task.then(lambda _none: app.sync_now())
            task.failed(lambda error: app.notice(say_error(error), "red"))

        sheet.given.connect(write)
        sheet.open()

    def _try_again(self) -> None:
        row = self._changes.get(self.table.current_key())
        if row is None:
            return
        record_id, store = row.change.record_id, self.app.store
        self.app.background.run(lambda: store.changes.retry(record_id)).then(lambda _none: self.app.sync_now())


def outbox_rows(
    store: Store, context: RowContext, seen: Collection[str]
) -> tuple[tuple[HistoryRow, ...], tuple[Row, ...]]:
    """Runs in the background: changes that are not settled, and how each is shown."""
    changes = tuple(row for row in store.changes.outbox(seen) if row.status in NOT_THERE)
    titles = {record.id: record.title for record in store.records.load_many([row.change.record_id for row in changes])}
    now = context.now()
    rows = []
    for row in changes:
        change = row.change
        record_type = context.catalog.record_type(change.type)
        title = titles.get(change.record_id) or say(record_type.label)
        cells = (
            change_tag(row.status),
            when(change.at, now),
            describe(change, record_type),
            title,
            change.officer.name,
        )
        rows.append(Row(change.change_id, cells))
    return changes, tuple(rows)


def describe(change: Change, record_type: RecordType) -> str:
    """What a change does, in words: "Tiếp nhận", "Sửa Điện thoại, Ghi chú"."""
    if change.kind == "create":
        return tr("frame.did_create", name=say(record_type.label))
    if change.kind == "action" and change.action:
        try:
            return say(record_type.action(change.action).label)
        except KeyError:
            return change.action
    if change.kind in {"void", "resolve"}:
        return tr(f"frame.did_{change.kind}")
    if change.only_takes_back:
        return tr("frame.did_take_back")
    names = list(dict.fromkeys(filter(None, (field_name(record_type, path) for path in change.after))))
    shown = ", ".join(names[:3]) + ("…" if len(names) > 3 else "")
    return tr("frame.did_edit", names=shown)


def field_name(record_type: RecordType, path: str) -> str:
    """The label of the top-level field a path is in; empty for what is the engine's own."""
    field = record_type.field_map.get(path.partition("/")[0])
    return say(field.label) if field else ""
