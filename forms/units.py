"""Administrative units of Viet Nam since 1 July 2025: 34 provinces, 3,321 communes, and where Hanoi's old ones went.

Names and codes are public facts of the National Statistics Office. Tables are read at the first question.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache, cached_property

from msgspec import Struct

from forms.vietnamese import fold
from resources import read_text

_PROVINCE_WORDS = ("thanh pho ", "tinh ")
_COMMUNE_WORDS = ("phuong ", "xa ", "dac khu ", "thi tran ")


class Unit(Struct, frozen=True):
    """A commune-level unit. ``kind`` is phường, xã or đặc khu."""

    code: str
    name: str
    kind: str
    province_code: str
    province: str

    @property
    def full_name(self) -> str:
        return f"{self.name}, {self.province}"


class Province(Struct, frozen=True):
    code: str
    name: str


class LegacyUnit(Struct, frozen=True):
    """A unit of Hanoi before 1 July 2025 and what became of it. More than one ``successors``: it was divided, and only
    a person who knows the street or the neighbourhood group can say which one an address is in."""

    code: str
    name: str
    district: str
    successors: tuple[Unit, ...]

    @property
    def full_name(self) -> str:
        return f"{self.name}, {self.district}"


def _rows(name: str) -> list[list[str]]:
    return list(csv.reader(read_text("data", name).splitlines()))[1:]


@cache
def _units_by_code() -> dict[str, Unit]:
    """Read once: every rendering and every form asks for its own AdministrativeUnits."""
    return {row[0]: Unit(*row) for row in _rows("administrative_units.csv")}


class AdministrativeUnits:
    """Units by code, by name as typed, by province; old Hanoi names to new units."""

    @property
    def _by_code(self) -> dict[str, Unit]:
        return _units_by_code()

    @cached_property
    def _folded(self) -> list[tuple[str, Unit]]:
        return [(" " + fold(f"{unit.name} {unit.province}"), unit) for unit in self._by_code.values()]

    @cached_property
    def _legacy(self) -> tuple[tuple[str, LegacyUnit], ...]:
        """Each with its bare name."""
        found: dict[str, tuple[list[str], list[Unit]]] = {}
        for row in _rows("hanoi_legacy_map.csv"):
            found.setdefault(row[0], (row, []))[1].append(self._by_code[row[4]])
        return tuple(
            (bare_name(row[1]), LegacyUnit(code, row[1], row[3], tuple(units))) for code, (row, units) in found.items()
        )

    def get(self, code: str) -> Unit | None:
        """The unit with a five-digit code; None when there is none."""
        return self._by_code.get(code)

    def all(self) -> Sequence[Unit]:
        return tuple(self._by_code.values())

    @cached_property
    def provinces(self) -> tuple[Province, ...]:
        """In order of code; Hanoi first."""
        pairs = {unit.province_code: unit.province for unit in self._by_code.values()}
        return tuple(Province(code, pairs[code]) for code in sorted(pairs))

    def communes(self, province_code: str) -> tuple[Unit, ...]:
        """The units of one province, for a cascade of two lists."""
        return tuple(unit for unit in self._by_code.values() if unit.province_code == province_code)

    def search(self, text: str, *, province_code: str = "01", limit: int = 20) -> list[Unit]:
        """Units of which every typed word begins a word of name or province, accents aside: "p hoan k", "hk" no.

        Units of ``province_code`` come first (the ward's own province), then names that begin with the text.
        """
        words = [" " + word for word in fold(text).replace(",", " ").split()]
        if not words:
            return []
        typed = " ".join(word.strip() for word in words)
        found = self._folded
        for word in sorted(words, key=len, reverse=True):  # the longest leaves the fewest to look at again
            found = [pair for pair in found if word in pair[0]]
        hits = [unit for _, unit in found]
        hits.sort(key=lambda unit: (unit.province_code != province_code, not bare_name(unit.name).startswith(typed)))
        return hits[:limit]

    def legacy(self, text: str) -> list[LegacyUnit]:
        """Old units of Hanoi named in ``text`` ("Phường Hàng Bạc, Quận Hoàn Kiếm", or "hàng bạc"), with their successors.

        A district in the text decides between old units of one name; more than one result means it did not.
        """
        parts = [bare_name(part) for part in text.split(",")]
        named = [unit for bare, unit in self._legacy if bare in parts]
        within = [unit for unit in named if _bare_district(unit.district) in {_bare_district(part) for part in parts}]
        return within or named


def bare_name(name: str) -> str:
    """The folded name without "Phường", "Xã"… in front."""
    folded = fold(name).strip()
    for word in (*_COMMUNE_WORDS, *_PROVINCE_WORDS):
        folded = folded.removeprefix(word)
    return folded


def _bare_district(name: str) -> str:
    folded = fold(name).strip()
    for word in ("quan ", "huyen ", "thi xa "):
        folded = folded.removeprefix(word)
    return folded
