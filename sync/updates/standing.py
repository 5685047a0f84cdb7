"""How an account's versions stand: what the launcher did since, and which one is begun next. Light, for a start needs it."""

from __future__ import annotations

from msgspec.structs import replace

from sync.updates.installation import Installation, UpdateState, read_state, write_state
from sync.updates.model import version_key
from sync.updates.pointer import Pointer, write_pointer


def back_to(here: Installation, pointer: Pointer) -> Pointer | None:
    """The pointer to the version before; None: the installation's own."""
    if pointer.before and (here.versions / pointer.before).is_dir():
        return Pointer(version=pointer.before, good=True)
    return None


def settle(here: Installation) -> UpdateState:
    """What the launcher did since: a version that was left for the one before is refused for good. Raises OSError."""
    state, pointer = read_state(here.versions), here.pointer
    if pointer is not None and pointer.version != here.version and pointer.failed:
        refused = {**state.refused, pointer.version: "did_not_come_up"}
        state = replace(state, refused=refused, fell_back=pointer.version, notes={}, notes_of="")
        write_state(here.versions, state)
        write_pointer(here.versions, back_to(here, pointer))
    elif pointer is not None and pointer.good and pointer.tried > 0 and pointer.version != here.version:
        write_pointer(here.versions, replace(pointer, tried=0))
    return state


def waiting(here: Installation) -> str:
    """The version that is begun at the next start, where it is another than this; "" where none is."""
    pointer = here.pointer
    if pointer is None or pointer.failed or pointer.version == here.version:
        return ""
    if version_key(pointer.version) <= version_key(here.version):
        return ""
    from sync.updates.laying import is_whole  # a version waits at one start in many

    return pointer.version if is_whole(here.versions / pointer.version) else ""
