"""A date that is not in the calendar is told as what it is, and not as something else than a date."""

from __future__ import annotations

import pytest

from forms.field_definition import Field
from forms.field_types import parse
from forms.field_types.base import FieldError
from forms.label import Label

SAID = [
    ("31/02/2026", "tháng 02/2026 chỉ có 28 ngày"),
    ("29/02/1900", "tháng 02/1900 chỉ có 28 ngày"),
    ("31.4.2026", "tháng 04/2026 chỉ có 30 ngày"),
    ("31022026", "tháng 02/2026 chỉ có 28 ngày"),
    ("11/22/2026", "tháng 22"),
]


@pytest.mark.parametrize("kind", ["date", "date_partial"])
@pytest.mark.parametrize(("typed", "said"), SAID)
def test_the_month_is_named_that_has_no_such_day(kind: str, typed: str, said: str) -> None:
    field = Field(name="f", type=kind, label=Label("Ngày", "Day"))  # type: ignore[arg-type]
    with pytest.raises(FieldError) as error:
        parse(field, typed)
    assert said in error.value.label.vi and "{" not in error.value.label.en


def test_a_leap_day_is_a_day() -> None:
    field = Field(name="f", type="date", label=Label("Ngày", "Day"))
    assert parse(field, "29/02/2024") == "2024-02-29"
