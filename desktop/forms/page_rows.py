"""What can be done on a record's page, as rows for the palette and the sheet of keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from desktop.actions import ActionRow
from desktop.forms.action_bar import main_offer, offered
from desktop.forms.next_card import KEY as CARD_KEY
from desktop.forms.record_body import TABS
from desktop.forms.refused_fields import KEY
from desktop.language import say, tr

if TYPE_CHECKING:
    from desktop.forms.record_page import RecordPage


def page_rows(page: RecordPage) -> list[ActionRow]:
    """The record's own actions first, then saving, printing and the next line of the visit."""
    group = say(page.record_type.label)
    officer = page.app.officer
    rows = []
    offers = offered(page.entry, officer, begun=page.record is None)
    main = main_offer(offers, officer)
    for offer in offers:
        action = offer.action
        why = " ".join(say(p.message) for p in offer.problems if p.blocks)
        rows.append(
            ActionRow(
                id=f"act.{action.id}",
                title=say(action.label),
                run=partial(page.save, action.id),
                by_key=page.take_main_action if offer is main else None,
                icon=action.icon,
                shortcut="F9" if offer is main else "",
                group=group,
                main=offer is main,
                danger=action.danger,
                why_not=why,
            )
        )
    rows.append(ActionRow(id="save", title=tr("form.save"), run=page.save, shortcut="Ctrl+S", group=group))
    if page.record is not None and page.record_type.printouts:
        run = page.printing.choose
        rows.append(ActionRow(id="print", title=tr("form.print"), run=run, shortcut="Ctrl+P", group=group))
    if page.record is not None and page.record_type.visit:
        run = page.begin_next_of_visit
        rows.append(ActionRow(id="visit.next", title=tr("form.visit.next"), run=run, shortcut="Ctrl+N", group=group))
    if page.notice.do is not None:  # also found in the palette, without the mouse
        rows.append(ActionRow(id="notice", title=page.notice.do[0], run=page.notice.do[1], group=group))
    if page.refused:
        title = tr("form.refused.go")
        rows.append(ActionRow(id="refused.go", title=title, run=page.refused.go, shortcut=KEY, group=group))
    rows += _tabs(page, group)
    rows += _next(page, group)
    return rows


def _next(page: RecordPage, group: str) -> list[ActionRow]:
    """The card of what comes next: its own key, and each thing it offers by name in the palette."""
    card = page.body.next
    if card.isHidden():
        return []
    title = tr("form.card.next")
    rows = [ActionRow(id="next", title=title, run=card.focus_first, shortcut=CARD_KEY, group=group)]
    for place, (label, proposal) in enumerate(card.open_offers()):
        run = partial(card.follow_requested.emit, proposal)
        rows.append(ActionRow(id=f"next.{place}", title=label, run=run, group=title))
    return rows


def _tabs(page: RecordPage, group: str) -> list[ActionRow]:
    """Form, history and papers by key, and found by their names in the palette."""
    if page.record is None:
        return []
    return [
        ActionRow(
            id=f"tab.{name}",
            title=tr(f"form.tab.{name}"),
            run=partial(page.body.show_tab, place),
            shortcut=f"Ctrl+{place + 1}",
            group=group,
        )
        for place, name in enumerate(TABS)
    ]
