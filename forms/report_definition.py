"""What a report is, and the register that reports are kept in, as frozen data (beside ``forms.definition``)."""

from typing import Literal

from msgspec import Struct, field

from forms.label import Label

Period = Literal["day", "week", "month", "quarter", "half_year", "nine_months", "year", "occasion", "now"]


class Breakdown(Struct, frozen=True):
    """What a table's lines are: one for each value of ``by``, a field's name or CEL."""

    by: str
    label: Label


class ReportColumn(Struct, frozen=True, kw_only=True):
    """One figure of a line: the number of records (``count``: those for which it holds), the sum of a CEL value over them,
    or ``calc``, CEL over the columns before it. In a table of records ``value`` says what stands there."""

    id: str
    label: Label
    count: str | None = None
    sum: str | None = None
    calc: str | None = None
    value: str | None = None
    show: Literal["number", "money", "percent", "decimal", "date", "text"] | None = None


class ReportTable(Struct, frozen=True, kw_only=True):
    id: str
    label: Label
    over: str  # record type
    columns: tuple[ReportColumn, ...]
    by_record: bool = False  # written `list`: one line per record instead of figures
    when: str | None = None  # date or moment that must lie in the window
    where: str | None = None  # CEL over fields, state, number, from_date, to_date
    rows: tuple[Breakdown, ...] = ()
    total: bool = False
    sort: str | None = None  # column, "-" in front: descending; default: the order of choices, else by text


class ReportDue(Struct, frozen=True):
    """How long after the end of its window a report must have been sent."""

    days: int
    unit: Literal["day", "working_day"] = "working_day"


class Report(Struct, frozen=True, kw_only=True):
    """A report that is counted from records. ``window``: "report" from the 15th to the 14th (Decree 09/2019/NĐ-CP, Art. 12),
    "calendar" by natural days; days and weeks are always natural."""

    id: str
    label: Label
    periods: tuple[Period, ...]
    tables: tuple[ReportTable, ...]
    window: Literal["report", "calendar"] = "report"
    due: ReportDue | None = None
    to: Label | None = None
    service: str | None = None
    basis: str = ""
    landscape: bool = False


class ReportRegister(Struct, frozen=True, kw_only=True):
    """The register that counted reports are kept in, and which of its fields hold what."""

    record: str  # record type
    code: str  # which report: "tool.report"
    title: str
    kind: str  # one_of with the codes of ``Period``
    period: str  # as written: "2026-Q3"
    from_: str = field(name="from")  # first day counted
    to: str
    due: str  # moment by which it must be sent
    rows: str  # group with the columns code, name, value, last
    receiver: str | None = None  # whom it is addressed to
    restricted: dict[
        str, str
    ] = {}  # restricted scope -> record type with the same fields, for reports that count in it
