"""What is different between two catalogues, in sentences an officer reads; and what a new one must not do to records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct

from forms.definition import Catalog, RecordType, Tool
from forms.field_definition import Field
from forms.label import Label
from forms.office_definition import DayOverride, OfficeHours
from forms.renames import first_name
from forms.vietnamese_dates import show_date

Kind = Literal["added", "removed", "renamed", "retired", "changed"]
_WORDS: dict[str, tuple[str, str]] = {
    "tool": ("Công cụ", "Tool"),
    "record": ("Sổ", "Register"),
    "field": ("Mục", "Field"),
    "printout": ("Mẫu in", "Printout"),
    "state": ("Trạng thái", "State"),
    "action": ("Thao tác", "Action"),
    "choice": ("Lựa chọn", "Choice"),
    "rule": ("Quy tắc", "Rule"),
    "value": ("Mức theo ngày", "Dated value"),
    "workday": ("Ngày nghỉ, ngày làm bù", "Day off or worked"),
    "hours": ("Giờ làm việc", "Office hours"),
}
_DONE: dict[Kind, tuple[str, str]] = {
    "added": ("mới", "new"),
    "removed": ("bỏ", "removed"),
    "renamed": ("đổi tên", "renamed"),
    "retired": ("thôi dùng, dữ liệu cũ vẫn giữ", "retired; what is there is kept"),
    "changed": ("thay đổi", "changed"),
}
_SHOWN = ("hint", "required", "required_from", "locked_from", "relevant", "constraints", "calculate", "default", "pattern",
          "choice_filter", "choice_list", "min_rows", "overridable")  # fmt: skip


class PackChange(Struct, frozen=True):
    """One difference. ``where``: the tool or register it is in; ``key``: of machines (``tool.record.field``)."""

    kind: Kind
    of: str
    key: str
    label: Label
    where: Label = Label("", "")
    detail: Label = Label("", "")

    @property
    def sentence(self) -> Label:
        texts = []
        for place, language in enumerate(("vi", "en")):
            where = f" ({self.where.get(language)})" if self.where.get(language) else ""
            detail = f": {self.detail.get(language)}" if self.detail.get(language) else ""
            texts.append(
                f"{_WORDS[self.of][place]} “{self.label.get(language)}”{where}: {_DONE[self.kind][place]}{detail}"
            )
        return Label(*texts)


def changes(old: Catalog, new: Catalog) -> list[PackChange]:
    """Every difference that an officer may notice, tool by tool."""
    found: list[PackChange] = []
    for tool, was in _pairs({t.id: t for t in new.tools}, {t.id: t for t in old.tools}):
        if tool is None or was is None:
            one: Any = tool or was
            found.append(PackChange("added" if tool else "removed", "tool", one.id, one.label))
        else:
            found += _tool_changes(tool, was, new, old)
    found += _dated(old, new)
    found += _calendar(old, new)
    return found


def _pairs(new: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    for key in {**new, **old}:
        yield new.get(key), old.get(key)


def _tool_changes(tool: Tool, was: Tool, new: Catalog, old: Catalog) -> Iterator[PackChange]:
    for record, before in _pairs({r.id: r for r in tool.records}, {r.id: r for r in was.records}):
        if record is None or before is None:
            one: Any = record or before
            yield PackChange("added" if record else "removed", "record", one.id, one.label, tool.label)
        else:
            yield from _record_changes(record, before, new, old)


def _record_changes(record: RecordType, was: RecordType, new: Catalog, old: Catalog) -> Iterator[PackChange]:
    where = record.label
    yield from _field_changes(record.id, (record.fields, was.fields), where, new, old)
    for name, of in (("printouts", "printout"), ("states", "state"), ("actions", "action")):
        here, there = ({one.id: one for one in getattr(r, name)} for r in (record, was))
        for one, before in _pairs(here, there):
            some = one or before
            if one is None or before is None:
                yield PackChange("added" if one else "removed", of, f"{record.id}.{some.id}", some.label, where)
            elif one != before:
                yield PackChange("changed", of, f"{record.id}.{some.id}", some.label, where)
    rules, before = {m.rule: m for m in record.rules}, {m.rule: m for m in was.rules}
    for rule, gone in _pairs(rules, before):
        if rule is None or gone is None:
            yield PackChange("added" if rule else "removed", "rule", record.id, (rule or gone).message, where)


def _field_changes(
    place: str, fields: tuple[Iterable[Field], Iterable[Field]], where: Label, new: Catalog, old: Catalog
) -> Iterator[PackChange]:
    """``fields``: now and before."""
    for field, was in _pairs(*({first_name(f): f for f in some} for some in fields)):
        some: Field = field or was
        key = f"{place}.{some.name}"
        if field is None or was is None:
            yield PackChange("added" if field else "removed", "field", key, some.label, where)
            continue
        if field.retired and not was.retired:
            yield PackChange("retired", "field", key, field.label, where)
        elif field.label != was.label:
            before = Label(f"trước là “{was.label.vi}”", f"was “{was.label.en}”")
            yield PackChange("renamed", "field", key, field.label, where, before)
        elif field.name != was.name:
            names = f"{was.name} → {field.name}"
            yield PackChange(
                "renamed", "field", key, field.label, where, Label(f"trong tệp {names}", f"in files {names}")
            )
        if (was.retired and not field.retired) or any(getattr(field, name) != getattr(was, name) for name in _SHOWN):
            yield PackChange("changed", "field", key, field.label, where)
        yield from _choice_changes(key, field, was, new, old)
        if field.type == "group" and was.type == "group":
            yield from _field_changes(key, (field.fields, was.fields), field.label, new, old)


def _choice_changes(key: str, field: Field, was: Field, new: Catalog, old: Catalog) -> Iterator[PackChange]:
    here, there = {c.code: c for c in new.choices_of(field)}, {c.code: c for c in old.choices_of(was)}
    for choice, before in _pairs(here, there):
        if choice is None or before is None:
            one = choice or before
            yield PackChange("added" if choice else "removed", "choice", f"{key}.{one.code}", one.label, field.label)


def _dated(old: Catalog, new: Catalog) -> Iterator[PackChange]:
    here, there = ({(v.key, v.valid_from): v for v in catalog.dated_values} for catalog in (new, old))
    for place in {**here, **there}:
        value, was = here.get(place), there.get(place)
        if value == was:
            continue
        some = value or was
        assert some is not None  # noqa: S101 - one of the two is there
        label = Label(some.key, some.key)
        vi, en = f"{some.value} từ {show_date(some.valid_from)}", f"{some.value} from {show_date(some.valid_from)}"
        if value and was and value.value != was.value:
            vi, en = f"{vi}, trước là {was.value}", f"{en}, {was.value} before"
        source = f" ({some.source})" if some.source else ""
        detail = Label(vi + source, en + source)
        kind: Kind = "changed" if value and was else "added" if value else "removed"
        yield PackChange(kind, "value", some.key, label, detail=detail)


def _calendar(old: Catalog, new: Catalog) -> Iterator[PackChange]:
    """Days that are off or worked otherwise than before, with the document that says so."""
    here, there = ({day.date: day for day in catalog.workdays} for catalog in (new, old))
    for day in sorted({**here, **there}):
        now, was = here.get(day), there.get(day)
        if now == was:
            continue
        some: DayOverride = now or was  # type: ignore[assignment]  # one of the two is there
        vi, en = ("làm việc", "worked") if some.worked else ("nghỉ", "off")
        label = Label(f"{day:%d/%m/%Y}", f"{day:%d/%m/%Y}")
        detail = Label(f"{vi}, {some.vi} ({some.source})", f"{en}, {some.en} ({some.source})")
        kind: Kind = "changed" if now and was else "added" if now else "removed"
        yield PackChange(kind, "workday", day.isoformat(), label, detail=detail)
    if new.office_hours != old.office_hours:
        kind = "changed" if new.office_hours and old.office_hours else "added" if new.office_hours else "removed"
        shown = "; ".join(_hours(season) for season in new.office_hours or old.office_hours)
        yield PackChange(kind, "hours", "office_hours", Label("trụ sở", "the office"), detail=Label(shown, shown))


def _hours(season: OfficeHours) -> str:
    return f"{season.begins}: " + ", ".join(f"{a:%H:%M}–{b:%H:%M}" for a, b in season.periods)


def dangers(old: Catalog, new: Catalog) -> list[Label]:
    """What of ``new`` would make records of ``old`` unreadable or take two fields for one: reasons to refuse it. A field that
    vanished without ``retired`` is none: its values stay in the records."""
    found: list[Label] = []
    for record in new.record_types:
        if old.knows(record.id):
            was = old.record_type(record.id)
            if was.scope != record.scope:
                vi = f"{record.id}: luồng {was.scope} không đổi thành {record.scope} được."
                found.append(Label(vi, f"{record.id}: scope {was.scope} cannot become {record.scope}."))
            found += _field_dangers(record.id, record.fields, old.record_type(record.id).fields)
    return found


def _field_dangers(place: str, fields: Iterable[Field], were: Iterable[Field]) -> Iterator[Label]:
    were = tuple(were)
    by_first, by_name = {first_name(f): f for f in were}, {f.name: f for f in were}
    for field in fields:
        key = f"{place}.{field.name}"
        was = by_first.get(first_name(field))
        if field.was and was is None and field.was in by_name:
            first = first_name(by_name[field.was])
            yield Label(
                f"{key}: ghi “was: {first}”, tên đầu tiên của mục này.",
                f"{key}: write “was: {first}”, the field's first name.",
            )
        if was is not None and not _holds(field, was):
            vi = f"{key}: kiểu {was.type} không đổi thành {field.type} được; thêm một mục mới và để mục cũ “retired”."
            yield Label(
                vi, f"{key}: type {was.type} cannot become {field.type}; add a new field and retire the old one."
            )
        elif was is not None and field.type == "group":
            yield from _field_dangers(key, field.fields, was.fields)


_TEXTS = {"text", "longtext", "code", "email", "one_of", "phone", "tax_code", "citizen_number"}
_WHOLE = {"int", "money"}


def _holds(field: Field, was: Field) -> bool:
    """Whether the values of the old field are values of the new one."""
    if field.type == was.type:
        return True
    if {field.type, was.type} <= _WHOLE:
        return True
    return was.type in _TEXTS and field.type in {"text", "longtext"}
