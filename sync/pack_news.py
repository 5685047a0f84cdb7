"""What a profile's newest pack changes, for the window and the command line."""

from __future__ import annotations

from pathlib import Path

from forms.definition import Catalog
from forms.definition_problems import DefinitionError
from forms.loader import load_catalog
from forms.pack_changes import PackChange, changes
from sync.pack_use import KeptPack, folder_of, read_state


def latest_changes(profile: Path) -> list[PackChange]:
    """From the present pack to the one that waits; where none waits, from the one before to the present."""
    state = read_state(profile)
    old, new = (state.active, state.next) if state.next else (state.before, state.active)
    return changes(_catalog(profile, old), _catalog(profile, new)) if new else []


def _catalog(profile: Path, kept: KeptPack | None) -> Catalog:
    if kept is not None:
        try:
            return load_catalog(folder_of(profile, kept))
        except (DefinitionError, OSError):
            pass
    return load_catalog()
