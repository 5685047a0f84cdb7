"""A link picked by hand brings along what beginning from that record would have: payer, subject and amount of a dossier.

The flows of the catalogue say what goes from one record into the next. They work the same from the other end, where the
officer began the next record himself and then named the one it belongs to.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from desktop.following import entry_of_record
from desktop.forms.entries import entry_context
from forms.flow_book import flow_book
from forms.flows import values_of

if TYPE_CHECKING:
    from desktop.app import App
    from forms.entry import RecordEntry

NOTHING: tuple[Any, ...] = (None, "", [])


class Bringing:
    """Remembers what it brought for one new record, so that another link replaces that and nothing the officer typed."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._brought: dict[str, Any] = {}

    def along(self, entry: RecordEntry, changed: Collection[str], typed: Collection[str]) -> dict[str, Any]:
        """Field → value to put, after the paths ``changed`` were; ``typed``: what the officer wrote himself stays."""
        found: dict[str, Any] = {}
        for flow in flow_book(self._app.catalog).linked.get(entry.record_type.id, ()):
            link = flow.link or ""
            source_id = entry.get(link) if link in changed else None
            source = self._app.load(source_id) if isinstance(source_id, str) and entry.raw(link) is None else None
            if source is None or source.type != flow.from_ or not flow.sets:
                continue
            before = entry_of_record(source, self._app.catalog, entry_context(self._app))
            values = values_of(flow, entry.record_type, before, source.id)
            for name, value in values.items():
                if name != link and name not in typed and name not in found and self._is_free(entry, name):
                    found[name] = value
        self._brought |= found
        return found

    def _is_free(self, entry: RecordEntry, name: str) -> bool:
        value = entry.get(name)
        is_default = entry.record_type.field(name).default is not None
        return value in NOTHING or is_default or (name in self._brought and self._brought[name] == value)
