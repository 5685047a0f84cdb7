"""What is wrong with a definition, in words. Apart from the reader, so that a start which needs no YAML imports none."""

from __future__ import annotations

from msgspec import Struct


class DefinitionProblem(Struct, frozen=True):
    """One mistake in a definition. ``message`` is Vietnamese, ``english`` the same; ``expected`` what would be right."""

    file: str
    line: int
    key: str
    message: str
    expected: str = ""
    english: str = ""


class DefinitionError(Exception):
    """The catalogue cannot be used; ``problems`` are all of its mistakes."""

    def __init__(self, problems: list[DefinitionProblem]) -> None:
        first = f"{problems[0].file}:{problems[0].line}: {problems[0].key}: {problems[0].message}" if problems else ""
        super().__init__(f"{first} (+{len(problems) - 1})" if len(problems) > 1 else first)
        self.problems = problems
