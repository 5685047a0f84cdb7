"""On a register's list page: the lists for everybody at once that may be made there. The sheet itself, and with it the
rule language, is imported when one is chosen."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from desktop.actions import ActionRow
from desktop.app import App
from desktop.language import say, tr
from desktop.sight import offered_batches
from desktop.widgets.basics import button
from forms.definition import RecordType
from forms.flow_definition import Flow


def batch_rows(app: App, record_type: RecordType, page: QWidget) -> list[ActionRow]:
    return [
        ActionRow(
            id=f"list.batch.{flow.id}",
            title=tr("batch.action", label=say(flow.label)),
            icon="list",
            run=partial(open_batch, app, flow, page),
            group=say(record_type.label),
        )
        for flow in _offered(app, record_type)
    ]


def batch_button(app: App, record_type: RecordType, page: QWidget) -> QPushButton | None:
    """One button; of several lists it opens a menu. None where nothing is offered."""
    flows = _offered(app, record_type)
    if not flows:
        return None
    if len(flows) == 1:
        return button(tr("batch.menu"), partial(open_batch, app, flows[0], page), tip=say(flows[0].label))
    made = button(f"{tr('batch.menu')} ▾", lambda: None, tip=tr("batch.menu_tip"))
    menu = QMenu(made)
    for flow in flows:
        menu.addAction(say(flow.label)).triggered.connect(partial(_open_chosen, app, flow, page))
    made.setMenu(menu)
    return made


def open_batch(app: App, flow: Flow, page: QWidget) -> None:
    from desktop.views.batch_sheet import BatchSheet

    BatchSheet(app, flow, page.window()).open()


def _open_chosen(app: App, flow: Flow, page: QWidget, _checked: bool = False) -> None:
    open_batch(app, flow, page)


def _offered(app: App, record_type: RecordType) -> list[Flow]:
    if not app.may_begin(record_type):
        return []
    return offered_batches(record_type, app.catalog, app.officer, app.seen)
