"""What waits for the signed-in officer: records whose next step is his to take. Runs in the background."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from desktop.language import say, tr
from desktop.models.rows import RowContext
from desktop.models.table import Row
from desktop.models.tags import Tag, due_tag
from desktop.models.today_rows import who_of, work_of
from forms.definition import Action, Catalog
from forms.handing_over import steps_waiting_for

if TYPE_CHECKING:
    from forms.entry import EntryContext
    from sync.protocol import Officer
    from sync.store import Store
    from sync.store.model import Record

MOST = 12  # rows; the lists and their filters have the others
LOOKED_THROUGH = 40  # latest records that are judged: of some the papers are not complete yet


class Waiting(Struct, frozen=True):
    record: Record
    action: Action


def waiting_for(
    store: Store,
    catalog: Catalog,
    officer: Officer,
    seen: Collection[str],
    context: EntryContext,
    *,
    looked: int = LOOKED_THROUGH,
) -> Iterator[Waiting]:
    """The latest first, of the ``looked`` latest; only what nothing stands in the way of (papers, another's signature, that it is his own work)."""
    steps = {
        type_id: found
        for type_id in store.types_here()
        if type_id in seen and catalog.knows(type_id)
        if (found := steps_waiting_for(catalog.record_type(type_id), officer.roles))
    }
    if not steps:
        return
    from desktop.following import entry_of_record  # the rule language is imported only where something may wait

    for record in store.standing(steps, looked):
        if record.conflicts or record.standing == "refused":
            continue  # they are on the page for that
        action = steps[record.type][record.state]
        for offer in entry_of_record(record, catalog, context).actions(officer):
            if offer.action.id == action.id and not any(problem.blocks for problem in offer.problems):
                yield Waiting(record, action)


def waiting_row(waiting: Waiting, context: RowContext) -> Row:
    """One line: the last column says which step it is."""
    record, record_type = waiting.record, context.catalog.record_type(waiting.record.type)
    why, step = Tag(tr("frame.reason_yours"), "blue", "◆"), Tag(say(waiting.action.label), "blue", "◆")
    return Row(record.id, (why, work_of(record, record_type), who_of(record, context), step))


def signing_row(waiting: Waiting, context: RowContext) -> Row:
    """The same in the list of nothing else: which step it is, and until when."""
    record, record_type = waiting.record, context.catalog.record_type(waiting.record.type)
    step = Tag(say(waiting.action.label), "blue", "◆")
    due = due_tag(record, record_type, context.now(), context.calendar)
    return Row(record.id, (step, work_of(record, record_type), who_of(record, context), due or ""))
