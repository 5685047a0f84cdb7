"""The working-day tables of ``resources/data`` in a form that a start can afford.

Reading YAML costs 10 ms of imports, and the holiday library 150 ms, since it brings the calendars of all countries; the
first page needs both, to say how late a record is. So ``compiled.json`` holds the YAML files as JSON and the library's
answers for the years people work in. A YAML file that was edited since wins over its compiled form, and other years ask
the library. ``python -m forms.tables`` writes it anew; a test holds it to its sources.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec

from resources import data_file, read_text

Table = TypeVar("Table")
FILE = "compiled.json"
YAML_FILES = ("workdays.yaml", "office_hours.yaml")
YEARS = range(2020, 2036)


class Holidays(msgspec.Struct, frozen=True):
    """One year as the library has it: Vietnamese names of days off, and weekend days worked in exchange."""

    off: dict[date, str]
    worked: tuple[date, ...] = ()


class _CompiledTable(msgspec.Struct, frozen=True):
    digest: str  # of the YAML file
    table: msgspec.Raw


class _Compiled(msgspec.Struct, frozen=True):
    tables: dict[str, _CompiledTable]
    holidays: dict[int, Holidays]


def read_table(name: str, kind: type[Table]) -> Table:
    """The table ``resources/data/<name>``. Raises msgspec.ValidationError, which names the key and what was expected."""
    text = read_text("data", name)
    compiled = _compiled().tables.get(name)
    if compiled is not None and compiled.digest == _digest(text):
        return msgspec.json.decode(compiled.table, type=kind)
    return msgspec.yaml.decode(text, type=kind)


def compiled_holidays(year: int) -> Holidays | None:
    """None for a year outside YEARS."""
    return _compiled().holidays.get(year)


def library_holidays(year: int) -> Holidays:
    """One year as the holiday library computes it."""
    from holidays.countries.vietnam import VN

    make: Any = VN  # its constructor has no types
    library = make(language="vi", years=(year - 1, year, year + 1))  # a swapped day may lie in a neighbouring year
    off = {day: name for day, name in sorted(library.items()) if day.year == year}
    return Holidays(off, tuple(sorted(day for day in library.weekend_workdays if day.year == year)))


def compile_tables() -> bytes:
    """What ``compiled.json`` should be."""
    texts = {name: read_text("data", name) for name in YAML_FILES}
    tables = {
        name: _CompiledTable(_digest(text), msgspec.Raw(msgspec.json.encode(msgspec.yaml.decode(text))))
        for name, text in texts.items()
    }
    made = _Compiled(tables, {year: library_holidays(year) for year in YEARS})
    return msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"


@cache
def _compiled() -> _Compiled:
    try:
        return msgspec.json.decode(data_file("data", FILE).read_bytes(), type=_Compiled)
    except (OSError, msgspec.DecodeError):  # only a shortcut: its sources are there
        return _Compiled({}, {})


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


if __name__ == "__main__":
    data_file("data", FILE).write_bytes(compile_tables())
