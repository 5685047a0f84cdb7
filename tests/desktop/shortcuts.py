"""Which keys actions may have."""

from __future__ import annotations

from collections.abc import Iterable

from desktop.actions import ActionRow

TAKEN_BY_OTHERS = ("F4", "F10", "Alt+Z")  # F4 opens lists and Alt+F4 is one slip away; the others belong to Unikey
TAKEN_WITH_A_KEY = "Ctrl+Shift+"  # Unikey's too


def check_shortcuts(rows: Iterable[ActionRow]) -> None:
    """No two rows have one key, and none has a key that the workspace leaves alone."""
    keys = [row.shortcut for row in rows if row.shortcut]
    assert len(keys) == len(set(keys)), sorted(keys)
    assert not [key for key in keys if key in TAKEN_BY_OTHERS or key.startswith(TAKEN_WITH_A_KEY)]
