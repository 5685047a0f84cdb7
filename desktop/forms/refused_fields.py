"""From a delivery that was refused to the field it was refused for, by one key, also where the field is locked now."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from desktop.language import say, tr
from forms.definition import Action, RecordType

if TYPE_CHECKING:
    from desktop.forms.record_page import RecordPage

KEY = "F7"


class RefusedFields:
    """What was refused on one page, and which of it the key goes to next."""

    def __init__(self, page: RecordPage) -> None:
        self._page = page
        self._reasons: dict[str, str] = {}
        self._last = ""

    def __bool__(self) -> bool:
        return bool(self._reasons)

    def show(self, refused: Mapping[str, str]) -> None:
        """Who opens a record that was sent back is told why and put into the field to correct; typing is not disturbed."""
        page, before = self._page, self._reasons
        self._reasons = dict(refused)
        if refused or before:
            page.view.show_refused(refused)
        if list(before) != list(refused):
            self._last = ""
            page.actions_changed.emit()
        if refused and not page.is_changed and page.notice.isHidden():
            path = next((path for path in refused if page.view.can_type(path)), None)
            page.notice.say(*self._told(path or next(iter(refused))))
            if path is not None:
                page.view.walk.go_to(path)
                self._last = path

    def go(self, path: str = "") -> None:
        """To the field, or to the one after the last."""
        paths = list(self._reasons)
        if not paths:
            return
        if path not in self._reasons:
            at = paths.index(self._last) + 1 if self._last in paths else 0
            path = paths[at % len(paths)]
        self._last = path
        self._page.body.go_to_field(path)
        self._page.notice.say(*self._told(path))

    def _told(self, path: str) -> tuple[str, str] | tuple[str, str, tuple[str, object]]:
        page, reason = self._page, self._reasons[path]
        if page.view.can_type(path):
            return tr("form.refused.notice", reason=reason), "red"
        officer = page.app.officer
        offers = page.entry.actions(officer) if officer else []
        ways = [offer.action for offer in offers if opens(page.record_type, offer.action, path)]
        if not ways:
            return tr("form.refused.locked", reason=reason), "red"
        action = ways[0]
        text = tr("form.refused.locked_by", reason=reason, action=say(action.label))
        return text, "red", (say(action.label), partial(page.save, action.id))


def opens(record_type: RecordType, action: Action, path: str) -> bool:
    """Whether the field can be edited in the state the action leads to."""
    name = path.partition("/")[0]
    field = record_type.field_map.get(name)
    if field is None or action.to == "=":
        return name in action.asks
    state = record_type.state(action.to)
    locked = state.locked and name not in state.allows
    return not locked and state.kind != "void" and not record_type.reached(action.to, field.locked_from)
