"""Invented people, addresses and offices for sample records: believable in shape, and nobody's.

Numbers are form-valid (right length, codes and prefixes) with random tails; nothing here is taken from a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from random import Random

import msgspec

from forms.identity import Gender, provinces
from resources import read_text


class _Parts(msgspec.Struct):
    family: dict[str, int]
    male_middle: dict[str, int]
    female_middle: dict[str, int]
    male_given: list[str]
    female_given: list[str]
    elderly_given: list[str]
    streets: list[str]
    numbers: list[str | int]
    organisations: list[str]
    organisation_names: list[str]
    issuers: list[str]
    titles: list[str]
    fields: list[str]
    reasons: list[str]
    notes: list[str]


@cache
def _parts() -> _Parts:
    return msgspec.yaml.decode(read_text("data", "sample_people.yaml"), type=_Parts)


class Person(msgspec.Struct, frozen=True):
    full_name: str
    gender: Gender
    born: date
    citizen_number: str


class Inventor:
    """Makes things up from one random source: the same source in the same state makes the same things."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._home_codes = tuple(provinces())

    def _weighted(self, weights: dict[str, int]) -> str:
        return self._random.choices(tuple(weights), tuple(weights.values()))[0]

    def person(self, today: date, *, gender: Gender | None = None, ages: tuple[int, int] | None = None) -> Person:
        """A person alive at ``today``; ages follow a city's adults when not given."""
        random, parts = self._random, _parts()
        if gender is None:
            gender = "male" if random.random() < 0.49 else "female"
        low, high = ages or random.choices(((0, 17), (18, 39), (40, 64), (65, 95)), (12, 42, 32, 14))[0]
        born = today - timedelta(days=random.randint(low * 365 + low // 4, high * 365 + high // 4 + 364))
        male = gender == "male"
        given = parts.male_given if male else parts.female_given
        if born.year < 1955 and random.random() < 0.25:
            given = parts.elderly_given
        middle = self._weighted(parts.male_middle if male else parts.female_middle)
        name = f"{self._weighted(parts.family)} {middle} {random.choice(given)}"
        return Person(name, gender, born, self.citizen_number(born, gender))

    def citizen_number(self, born: date, gender: Gender) -> str:
        """``PPP G YY NNNNNN``; most people of a Hanoi ward were registered in Hanoi."""
        random = self._random
        province = "001" if random.random() < 0.7 else random.choice(self._home_codes)
        digit = (born.year // 100 - 19) * 2 + (gender == "female")
        return f"{province}{digit}{born.year % 100:02d}{random.randrange(1_000_000):06d}"

    def phone(self) -> str:
        random = self._random
        return f"+84{random.choice('35789')}{random.randrange(100_000_000):08d}"

    def house(self) -> str:
        """Number and street of the old quarter: "Số 12 phố Hàng Bạc"."""
        return f"Số {self._random.choice(_parts().numbers)} phố {self._random.choice(_parts().streets)}"

    def organisation(self) -> str:
        return self._random.choice(_parts().organisations).format(name=self._random.choice(_parts().organisation_names))

    def issuer(self) -> str:
        return self._random.choice(_parts().issuers)

    def title(self, day: date) -> str:
        """What a document is about."""
        return self._random.choice(_parts().titles).format(
            field=self._random.choice(_parts().fields), quarter=(day.month + 2) // 3, month=day.month, year=day.year
        )

    def reason(self) -> str:
        return self._random.choice(_parts().reasons)

    def note(self) -> str:
        return self._random.choice(_parts().notes)

    def tax_code(self) -> str:
        """Ten digits with a right check digit."""
        while True:
            digits = f"010{self._random.randrange(1_000_000):06d}"
            check = 10 - sum(int(d) * w for d, w in zip(digits, (31, 29, 23, 19, 17, 13, 7, 5, 3), strict=True)) % 11
            if check < 10:
                return f"{digits}{check}"

    def pick(self, items: Sequence[str]) -> str:
        """One of a list whose first entries are the usual ones."""
        weights = [1 / (place + 1) for place in range(len(items))]
        return self._random.choices(items, weights)[0]
