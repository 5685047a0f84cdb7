"""Names of wards, from the list of administrative units."""

from __future__ import annotations

import csv
import re
from functools import cached_property
from importlib.resources import files

from forms.wards import CITY

_CODE = re.compile(r"[0-9]{5}")


def is_ward_code(code: str) -> bool:
    """Five digits, as the General Statistics Office numbers communes."""
    return _CODE.fullmatch(code) is not None


def ward_of_organisation(code: str) -> str | None:
    """The ward whose office has that code; None for any other organisation's."""
    city, _, ward = code.strip().rpartition(".")
    return ward if city == CITY and is_ward_code(ward) else None


class WardNames:
    """Code → name, read when first asked."""

    def __contains__(self, code: str) -> bool:
        return code in self._names

    def name(self, code: str) -> str:
        """The ward's name; one the list does not have goes by its code."""
        return self._names.get(code, f"Phường/xã {code}")

    def near(self, code: str) -> list[str]:
        """Codes that somebody may have meant: one digit is another, or two changed places. The nearest first."""
        other = {known: sum(a != b for a, b in zip(known, code, strict=True)) for known in self._names}
        like = [c for c, wrong in other.items() if wrong == 1 or (wrong == 2 and sorted(c) == sorted(code))]
        return sorted(like, key=lambda known: abs(int(known) - int(code)))[:3]

    @cached_property
    def _names(self) -> dict[str, str]:
        table = files("resources") / "data" / "administrative_units.csv"
        if not table.is_file():
            return {}
        with table.open(encoding="utf-8") as lines:
            return {row["code"]: row["name"] for row in csv.DictReader(lines)}
