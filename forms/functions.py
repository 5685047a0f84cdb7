"""The functions of the rule language. Each gives null on null or on what it cannot use, and never raises."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol

from msgspec import Struct

from forms.office_definition import DatedValue
from forms.vietnamese import fold
from forms.vietnamese_dates import VIETNAM, moment_text, show_date, to_local
from forms.vietnamese_numbers import amount_in_words, show_money

RULE_FUNCTIONS: dict[str, tuple[int, int]] = {
    "today": (0, 0),
    "now": (0, 0),
    "local_date": (1, 1),
    "local_time": (1, 1),
    "days_between": (2, 2),
    "add_days": (2, 2),
    "add_months": (2, 2),
    "add_years": (2, 2),
    "year": (1, 1),
    "age": (2, 2),
    "is_working_day": (1, 1),
    "add_working_days": (2, 2),
    "due": (3, 3),
    "look": (2, 2),
    "dated": (2, 2),
    "sum": (1, 1),
    "least": (2, 9),
    "greatest": (2, 9),
    "coalesce": (2, 9),
    "length": (1, 1),
    "part": (3, 3),
    "fold": (1, 1),
    "upper": (1, 1),
    "text": (1, 1),
    "words": (1, 1),
    "show_money": (1, 1),
    "show_date": (1, 1),
    "label": (1, 1),
    "chosen": (2, 2),
    "records": (3, 3),
    "delegated": (1, 1),
}
"""Name → least and most arguments."""


class Calendar(Protocol):
    """The part of ``forms.calendar.WorkCalendar`` that rules use."""

    def is_working_day(self, day: date) -> bool: ...
    def add_working_days(self, day: date, amount: int) -> date: ...
    def due(self, moment: datetime, amount: float, unit: str) -> datetime: ...
    def extend(
        self, due: datetime, stopped_from: datetime, stopped_until: datetime, unit: str = "working_day"
    ) -> datetime: ...


class RuleSurroundings(Struct, frozen=True, kw_only=True):
    """What the functions read besides their arguments. What is None makes its functions null."""

    now: Callable[[], datetime] | None = None
    calendar: Calendar | None = None
    resolve: Callable[[str], Mapping[str, Any] | None] | None = None
    dated_values: tuple[DatedValue, ...] = ()
    label: Callable[[str], str | None] | None = None  # the shown text of a field
    chosen: Callable[[str, str], Any] | None = None  # of the choice in a field, what its data says
    others: Mapping[str, Callable[..., Any]] = {}  # the functions of forms.record_functions
    language: str = "vi"


def rule_functions(around: RuleSurroundings) -> dict[str, Callable[..., Any]]:
    """Every function of the rule language, by name, for one record or one set of records."""
    return {
        name: _quiet(function)
        for functions in (_clock(around), _DATES, _working_days(around), _lookups(around), _LISTS, _texts(around))
        for name, function in functions.items()
    }


def _quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    def quiet(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception:  # CEL would print a traceback and go on: a rule's null says the same in peace
            return None

    return quiet


def day_of(value: Any) -> date:
    """The day of a date, a moment (in Viet Nam) or a partial date, of which the first day is taken: so the law counts
    age when day or month of birth are unknown (Decree 135/2020, Art. 3). Raises ValueError, TypeError."""
    if not isinstance(value, str):
        raise TypeError(value)
    if len(value) > 10:
        return to_local(value).date()
    return date.fromisoformat(f"{value}-01-01"[:10] if len(value) == 4 else f"{value}-01"[:10])


def moment_of(value: Any) -> datetime:
    """An aware datetime; a date is its midnight in Viet Nam. Raises ValueError, TypeError."""
    if isinstance(value, str) and len(value) > 10:
        return to_local(value)
    return datetime.combine(day_of(value), time(), VIETNAM)


def add_months(day: date, months: int) -> date:
    """The same day of another month, or its last day (31 January + 1 month = 28 or 29 February)."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))


def age(born: date, on: date) -> int | None:
    """Full years lived on a day; born on 29 February counts on 1 March of other years."""
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return years if years >= 0 else None


def _clock(around: RuleSurroundings) -> dict[str, Callable[..., Any]]:
    now = around.now
    if now is None:
        return {"today": lambda: None, "now": lambda: None}
    # offices work by the minute: what a form shows is then all there is
    return {
        "today": lambda: to_local(now()).date().isoformat(),
        "now": lambda: moment_text(now().replace(second=0, microsecond=0)),
    }


@lru_cache(maxsize=256)
def _local_day(moment: str) -> str:
    """Rules of one record ask for the day of the same few moments again and again."""
    return to_local(moment).date().isoformat()


_DATES: dict[str, Callable[..., Any]] = {
    "local_date": lambda moment: _local_day(moment) if moment else None,
    "local_time": lambda moment: to_local(moment).strftime("%H:%M") if moment else None,
    "days_between": lambda a, b: (day_of(b) - day_of(a)).days,
    "add_days": lambda d, n: (day_of(d) + timedelta(days=n)).isoformat(),
    "add_months": lambda d, n: add_months(day_of(d), n).isoformat(),
    "add_years": lambda d, n: add_months(day_of(d), 12 * n).isoformat(),
    "year": lambda d: day_of(d).year,
    "age": lambda born, on: age(day_of(born), day_of(on)),
}


def _working_days(around: RuleSurroundings) -> dict[str, Callable[..., Any]]:
    calendar = around.calendar
    if calendar is None:
        return dict.fromkeys(("is_working_day", "add_working_days", "due"), lambda *_: None)

    def due(moment: str, amount: float | str, unit: str) -> str:
        number = float(amount)
        return moment_text(calendar.due(moment_of(moment), number, unit).astimezone(UTC))

    return {
        "is_working_day": lambda d: calendar.is_working_day(day_of(d)),
        "add_working_days": lambda d, n: calendar.add_working_days(day_of(d), n).isoformat(),
        "due": due,
    }


def _lookups(around: RuleSurroundings) -> dict[str, Callable[..., Any]]:
    resolve, shown = around.resolve, around.label

    def look(reference: Any, name: str) -> Any:
        if resolve is None or not isinstance(reference, str):
            return None
        value: Any = resolve(reference)
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    def dated(key: str, when: str) -> Any:
        day = day_of(when).isoformat()
        valid = (v for v in around.dated_values if v.key == key and v.valid_from <= day <= (v.valid_to or "9999"))
        return max(valid, key=lambda v: v.valid_from).value

    nothing = dict.fromkeys(("records", "delegated"), lambda *_: None)
    return {
        "look": look,
        "dated": dated,
        "label": shown or (lambda _name: None),
        "chosen": around.chosen or (lambda _name, _key: None),
        **(around.others or nothing),
    }


def _sum(items: Iterable[Any]) -> int | float | str:
    """Empty cells count nothing; decimals (text) give decimal text."""
    values = [item for item in items if item is not None]
    if any(isinstance(value, str) for value in values):
        return f"{sum(Decimal(str(value)) for value in values):f}"
    total: int | float = sum(values)
    return total


def _of_all(choose: Callable[[tuple[Any, ...]], Any]) -> Callable[..., Any]:
    return lambda *values: None if None in values else choose(values)


def _coalesce(*values: Any) -> Any:
    for value in values:  # most titles ask it
        if value is not None:
            return value
    return None


_LISTS: dict[str, Callable[..., Any]] = {
    "sum": _sum,
    "least": _of_all(min),
    "greatest": _of_all(max),
    "coalesce": _coalesce,
    "length": len,
    "part": lambda text, start, end: text[int(start) : int(end)],
}


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _texts(around: RuleSurroundings) -> dict[str, Callable[..., Any]]:
    return {
        "fold": fold,
        "upper": lambda text: text.upper(),
        "text": _text,
        "words": amount_in_words,
        "show_money": lambda amount: show_money(amount, around.language),
        "show_date": lambda value: show_date(value) if value else None,
    }
