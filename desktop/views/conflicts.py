"""Records that two PCs wrote differently, waiting for a person to choose: one by one, or one way for several."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QAbstractItemView, QWidget

from desktop.actions import ActionRow
from desktop.app import App
from desktop.language import say, say_error, tr
from desktop.models.dates import when
from desktop.models.rows import RowContext, number_of
from desktop.models.table import Column, Row
from desktop.models.tags import standing_tag
from desktop.views.outbox import field_name
from desktop.views.table_page import TablePage
from desktop.widgets.basics import button, text_label
from sync.protocol import Officer
from sync.store import Store
from sync.store.model import Record, StoreError
from sync.store.open_conflicts import page_by_page

if TYPE_CHECKING:
    from desktop.bulk_choice import Plan
    from desktop.views.bulk_sheet import BulkSheet

PAGE = 500


class Conflicts(TablePage):
    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(app, tr("frame.conflicts_title"), parent)
        self.sheet: BulkSheet | None = None
        self._bulk = button(tr("conflicts.bulk"), self.choose_for_several, tip=tr("conflicts.bulk_tip"))
        self._bulk.hide()
        self.head.addWidget(self._bulk)
        self.column.addWidget(text_label(tr("frame.conflicts_about"), "quiet", wrap=True))
        columns = (
            Column("stand", tr("frame.column_stand")),
            Column("record", tr("frame.column_record"), stretch=True, width=50),
            Column("number", tr("frame.column_number")),
            Column("fields", tr("frame.column_fields"), stretch=True, width=40),
            Column("when", tr("frame.column_updated")),
        )
        self.put_table(
            columns,
            name=tr("frame.conflicts_title"),
            empty=tr("frame.conflicts_none"),
            advice=tr("frame.conflicts_none_advice"),
        )
        # Shift+arrows and Ctrl+click mark rows, Ctrl+A all of them; Enter still opens the one
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.opened.connect(app.open_record)

    def actions(self) -> list[ActionRow]:  # type: ignore[override]  # rows, not Qt's own
        return [
            ActionRow(
                id="conflicts.bulk",
                title=tr("conflicts.bulk"),
                icon="conflict",
                shortcut="Ctrl+M",
                run=self.choose_for_several,
                enabled=self._bulk.isVisible,
                group=tr("frame.conflicts_title"),
            )
        ]

    def refresh(self) -> None:
        store, context, seen = self.app.store, self.app.rows, self.app.seen
        self.app.background.run(lambda: conflict_rows(store, context, seen)).then(self._show)

    def _show(self, rows: tuple[Row, ...]) -> None:
        self._bulk.setVisible(len(rows) > 1 and self.app.officer is not None)
        self.show_rows(rows)

    def marked(self) -> list[str]:
        """Ids of the marked records; of one alone all, since nobody chooses "for several" with one in mind."""
        keys = self.table.chosen_keys()
        return keys if len(keys) > 1 else [row.key for row in self.table.table.rows]

    def choose_for_several(self) -> None:
        store, ids, seen = self.app.store, self.marked(), self.app.seen
        if not ids:
            return

        def load() -> tuple[tuple[Record, ...], frozenset[str]]:
            records = tuple(r for r in store.records.load_many(ids) if r.conflicts and r.type in seen)
            return records, store.devices

        self.app.background.run(load, self).then(self._ask)

    def _ask(self, loaded: tuple[tuple[Record, ...], frozenset[str]]) -> None:
        from desktop.views.bulk_sheet import BulkSheet

        records, devices = loaded
        if records:
            self.sheet = BulkSheet(self.app, records, devices, self.window())
            self.sheet.chosen.connect(self._write)
            self.sheet.destroyed.connect(self._forget)
            self.sheet.open()

    def _forget(self) -> None:
        self.sheet = None

    def _write(self, plan: Plan) -> None:
        store, officer = self.app.store, self.app.officer
        if officer is not None:
            self.app.background.run(lambda: write_plan(store, plan, officer), self).then(self._did)

    def _did(self, outcome: tuple[int, int, str]) -> None:
        done, changed, problem = outcome
        told = [tr("conflicts.bulk_done", n=done)] if done else []
        told += [tr("conflicts.bulk_changed", n=changed)] if changed else []
        told += [problem] if problem else []
        self.app.notice(" ".join(told), "amber" if changed or problem else "green")
        self.refresh()


def write_plan(store: Store, plan: Plan, officer: Officer) -> tuple[int, int, str]:
    """A change a record. How many were written; how many had changed since they were shown and are left; the first refusal
    in words. Runs in the background."""
    from desktop.bulk_choice import saves_of

    done, changed, problem = 0, 0, ""
    for save in saves_of(plan):
        assert save.opened is not None  # noqa: S101
        present = store.records.load(save.opened.id)
        if present is None or present.conflicts != save.opened.conflicts or present.fields != save.opened.fields:
            changed += 1
            continue
        try:
            store.save([save], officer)
            done += 1
        except StoreError as error:
            problem = problem or say_error(error)
    return done, changed, problem


def conflict_rows(store: Store, context: RowContext, seen: Collection[str]) -> tuple[Row, ...]:
    """Runs in the background."""
    found = page_by_page(lambda after: store.records.conflicts(PAGE, after, seen))
    return tuple(_row(record, context) for record in found)


def _row(record: Record, context: RowContext) -> Row:
    record_type = context.catalog.record_type(record.type)
    names = dict.fromkeys(field_name(record_type, path) for path in record.conflicts)
    title = f"{say(record_type.label)}: {record.title}"
    moment = when(record.updated_at, context.now()) if record.updated_at else ""
    return Row(record.id, (standing_tag("conflict"), title, number_of(record), ", ".join(filter(None, names)), moment))
