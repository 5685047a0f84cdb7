"""What the steps of a self-test share, and what becomes of a step."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field

from desktop.commands.desk import Desk
from desktop.language import label
from forms.label import Label

if TYPE_CHECKING:
    from sync.clock import Clock

Status = Literal["ok", "failed", "skipped"]


class Outcome(Struct, kw_only=True):
    """One step: what was seen, and what to do where it went wrong. ``seconds``: wall clock."""

    name: str
    status: Status
    said: Label
    todo: Label | None = None
    seconds: float = 0.0
    figures: dict[str, Any] = field(default_factory=dict)


class Trouble(Exception):
    """A step that failed in a way that was foreseen: texts ``selftest.<key>`` and ``selftest.<key>_todo``."""

    def __init__(self, key: str, figures: dict[str, Any] | None = None, **values: Any) -> None:
        super().__init__(key)
        self.said, self.todo = words(key, **values), words(f"{key}_todo", **values)
        self.figures = figures or {}


class Skipped(Exception):
    """A step that cannot be tried here; that is no failure."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.said = words(key, **values)


class Done(Struct, frozen=True):
    """A step that went well."""

    said: Label
    figures: dict[str, Any] = {}


def done(key: str, figures: dict[str, Any] | None = None, **values: Any) -> Done:
    return Done(words(key, **values), figures or {})


def words(key: str, **values: Any) -> Label:
    """Both texts of ``selftest.<key>``."""
    text = label(f"selftest.{key}")
    return Label(text.vi.format(**values), text.en.format(**values))


class Bench:
    """The throwaway profile and what was asked for. Closed at the end, with the keys it put into the system's vault."""

    def __init__(
        self, folder: Path, *, profile: Path, language: str, clock: Clock, url: str = "", code: str = ""
    ) -> None:
        """``folder``: where everything is made; ``profile``: whose settings of the line hold."""
        self.folder = folder
        self.profile = profile
        self.language = language
        self.clock = clock
        self.url = url
        self.code = code
        self.passphrase: str | None = None  # where the system has no vault
        self.paper: Path | None = None  # printed by one step, read by the next
        self.on_paper: set[str] = set()  # what the code on that paper may say
        self.line_desk: Desk | None = None  # enrolled at the city by one step, used by the next
        self._desk: Desk | None = None
        self._desks: list[Desk] = []

    @property
    def desk(self) -> Desk:
        """The profile that the first step made. Raises Skipped when it did not."""
        if self._desk is None:
            raise Skipped("no_store")
        return self._desk

    def use_desk(self, desk: Desk) -> None:
        self._desk = desk

    def new_desk(self, name: str) -> Desk:
        """A profile of its own."""
        made = Desk(self.folder / name, language=self.language, passphrase=self.passphrase, clock=self.clock)
        self._desks.append(made)
        return made

    def give_passphrase(self) -> str:
        """For all stores from now on: this system keeps no keys."""
        self.passphrase = secrets.token_urlsafe(24)
        return self.passphrase

    def close(self) -> None:
        from sync.store import vault

        for desk in self._desks:
            desk.close()
            with suppress(Exception):  # whatever a vault raises, the test is over
                vault.forget_key(desk.folder)
