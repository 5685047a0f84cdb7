"""What an entry needs of the world, and what it says back: problems and offers of actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from forms.definition import Action
from forms.functions import Calendar
from forms.label import Label
from forms.record_functions import Find


class OfficerLike(Protocol):
    """Whoever acts; ``sync.protocol.Officer`` is one."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def roles(self) -> Sequence[str]: ...
    @property
    def organisation(self) -> str: ...


class EntryContext(Struct, frozen=True):
    """``ward`` has ``code``, ``name``, ``org_code`` and ``place`` (a mapping or an object); ``resolve`` gives the fields
    of a record by id, or None; ``now`` an aware datetime; ``find`` other records (None: rules cannot ask for them)."""

    now: Callable[[], datetime]
    ward: Any
    officer: OfficerLike | None
    resolve: Callable[[str], Mapping[str, Any] | None]
    calendar: Calendar
    language: str = "vi"
    find: Find | None = None


class Problem(Struct, frozen=True):
    """What is wrong at a field ("" for the record as a whole; ``about``: the names its rule reads). One that does not block
    is shown and may be left."""

    path: str
    message: Label
    blocks: bool = True
    about: frozenset[str] = frozenset()


class ActionOffer(Struct, frozen=True):
    """An action of the present state and what stands in its way now."""

    action: Action
    problems: tuple[Problem, ...] = ()
    done: bool = (
        False  # it only puts a signature or a moment, and that stands (forms/signed_steps.py): nobody's next step
    )

    @property
    def enabled(self) -> bool:
        return not any(problem.blocks for problem in self.problems)


class RuleError(Exception):
    """The rules do not allow it; nothing was changed. ``str()`` is the first problem in Vietnamese."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].message.vi if problems else "")
        self.problems = tuple(problems)


def facts(thing: Any, names: Sequence[str]) -> dict[str, Any]:
    """A mapping or an object as the plain map that rules see; what is not there is null."""
    if isinstance(thing, Mapping):
        values = {name: thing.get(name) for name in names}
    else:
        values = {name: getattr(thing, name, None) for name in names}
    return {
        name: list(value) if isinstance(value, tuple | frozenset | set) else value for name, value in values.items()
    }


OFFICER_FACTS = ("id", "name", "roles", "organisation")
WARD_FACTS = ("code", "name", "org_code", "place")
