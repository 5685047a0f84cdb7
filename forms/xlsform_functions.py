"""The functions of XLSForm that have a counterpart in CEL."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace

from forms.xlsform_cel import NUMBERS, Cel, as_code, as_number, double, guarded, quoted, truth, whole_or_double
from forms.xlsform_words import NotCarried


def _text(cel: Cel) -> Cel:
    if cel.kind == "str" and cel.literal is not None:
        return cel
    text = cel.text if cel.kind in ("str", "one_of", "date", "decimal", "time") else f"text({cel.text})"
    return Cel(f'coalesce({text}, "")', "str")


def _selected(many: Cel, code: Cel) -> Cel:
    wanted = as_code(code)
    if many.kind == "many_of":
        return Cel(f"({many.text} != null && {wanted.inside()} in {many.text})", "bool")
    return Cel(f"({many.text} == {wanted.inside()})", "bool")


def _if(condition: Cel, yes: Cel, no: Cel) -> Cel:
    if {yes.kind, no.kind} <= NUMBERS:
        yes, no = whole_or_double(yes, no)
    kind = yes.kind if yes.literal != "" else no.kind
    texts = [("null" if part.literal == "" and part.kind == "str" else part.inside()) for part in (yes, no)]
    return Cel(f"({truth(condition).inside()} ? {texts[0]} : {texts[1]})", kind)


def _of_list(function: str) -> Callable[[Cel], Cel]:
    def make(items: Cel) -> Cel:
        if items.kind != "list":
            raise NotCarried(
                f"{function}() chỉ dùng với cột của bảng lặp", f"{function}() works over a repeat's column only"
            )
        (group,) = items.needs
        if function == "count":
            return Cel(f"({group} == null ? 0 : size({group}))", "int")
        kept = f"sum({items.text})"
        if items.literal == "int":
            return Cel(f"({group} == null ? 0 : {kept})", "int")
        return Cel(f"({group} == null ? 0.0 : double({kept}))", "num")

    return make


def _count(items: Cel) -> Cel:
    if items.kind == "group":
        return Cel(f"({items.text} == null ? 0 : size({items.text}))", "int")
    return _of_list("count")(items)


def _count_selected(many: Cel) -> Cel:
    if many.kind != "many_of":
        raise NotCarried(
            "count-selected() chỉ dùng với câu chọn nhiều", "count-selected() works with select_multiple only"
        )
    return Cel(f"({many.text} == null ? 0 : size({many.text}))", "int")


def _extreme(word: str) -> Callable[..., Cel]:
    def make(*values: Cel) -> Cel:
        if any(value.kind == "list" for value in values):
            raise NotCarried(f"{word} của một cột bảng lặp", f"{word} of a repeat's column")
        numbers = [double(value) for value in values]
        return Cel(
            f"{word}({', '.join(n.text for n in numbers)})", "num", frozenset().union(*(n.needs for n in numbers))
        )

    return make


def _round(number: Cel, places: Cel | None = None) -> Cel:
    value = double(number)
    power = int(places.literal) if places is not None and places.literal and places.literal.isdecimal() else 0
    if places is not None and (places.literal is None or power > 6):
        raise NotCarried("round() cần số chữ số cố định", "round() needs a fixed number of places")
    scaled = value.inside() if not power else f"{value.inside()} * 1{'0' * power}.0"
    whole = f"int({scaled} + ({value.inside()} < 0.0 ? -0.5 : 0.5))"
    if not power:
        return Cel(whole, "int", value.needs)
    return Cel(f"double({whole}) / 1{'0' * power}.0", "num", value.needs, 1)


def _regex(text: Cel, pattern: Cel) -> Cel:
    if pattern.literal is None:
        raise NotCarried("regex() cần mẫu cố định", "regex() needs a fixed pattern")
    if re.search(r"\(\?(?:[=!]|<[=!])|\\[1-9]", pattern.literal):
        raise NotCarried("mẫu nhìn trước/nhìn sau không dùng được", "look-around in a pattern cannot be used")
    try:
        re.compile(pattern.literal)
    except re.error as error:
        raise NotCarried(f"mẫu sai: {error}", f"not a pattern: {error}") from None
    subject = text.text if text.kind not in NUMBERS or text.kind == "decimal" else f"text({text.text})"
    return guarded(Cel(f"{subject}.matches({quoted(f'^(?:{pattern.literal})$')})", "bool", text.needs))


def _format_date(day: Cel, shape: Cel) -> Cel:
    date = day.text if day.kind == "date" else f"local_date({day.text})"
    makes = {
        "%Y-%m-%d": date, "%d/%m/%Y": f"show_date({date})", "%Y": f"text(year({date}))",
        "%Y-%m": f"part({date}, 0, 7)", "%m": f"part({date}, 5, 7)", "%d": f"part({date}, 8, 10)", "%H:%M": f"local_time({day.text})",
    }  # fmt: skip
    if shape.literal not in makes:
        raise NotCarried(f"dạng ngày {shape.text} chưa có", f"the date format {shape.text} is not there")
    return Cel(makes[shape.literal], "str", day.needs)


def _date(value: Cel) -> Cel:
    if value.literal is not None and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.literal):
        raise NotCarried("ngày phải ghi dạng 2026-11-22", "a date is written 2026-11-22")
    if value.kind == "datetime":
        return Cel(f"local_date({value.text})", "date", value.needs)
    return replace(value, kind="date")


def _int(value: Cel) -> Cel:
    number = as_number(value)
    return number if number.kind == "int" else Cel(f"int({number.text})", "int", number.needs)


def _choice_name(_code: Cel, named: Cel) -> Cel:
    found = re.fullmatch(r"\s*\$\{\s*(.+?)\s*\}\s*", named.literal or "")
    if not found or _code.kind not in ("one_of",) or "row." in _code.text:
        raise NotCarried("jr:choice-name() chỉ dùng với câu chọn một", "jr:choice-name() works with a select_one only")
    return Cel(f"label({quoted(_code.text)})", "str")


def _length(text: Cel) -> Cel:
    return Cel(f"({text.text} == null ? 0 : length({_plain(text)}))", "int")


def _plain(cel: Cel) -> str:
    return cel.text if cel.kind in ("str", "one_of", "date", "decimal") else f"text({cel.text})"


def _substr(text: Cel, start: Cel, end: Cel | None = None) -> Cel:
    if start.literal is None or (end is not None and end.literal is None):
        raise NotCarried("substr() cần vị trí cố định", "substr() needs fixed places")
    return Cel(f"part({_plain(text)}, {start.text}, {end.text if end else 100000})", "str", text.needs)


def _finds(method: str) -> Callable[[Cel, Cel], Cel]:
    return lambda text, word: guarded(Cel(f"{_plain(text)}.{method}({_plain(word)})", "bool", text.needs | word.needs))


def _coalesce(first: Cel, second: Cel) -> Cel:
    if {first.kind, second.kind} <= NUMBERS and first.kind != second.kind:
        first, second = double(first), double(second)
        needs = f"{next(iter(first.needs))} == null" if first.needs else "false"
        return Cel(f"({needs} ? {second.text} : {first.text})", "num")
    return Cel(f"coalesce({first.text}, {second.text})", first.kind if first.literal != "" else second.kind)


def _concat(*parts: Cel) -> Cel:
    return Cel(" + ".join(_text(part).text for part in parts), "str", rank=1)


FUNCTIONS: dict[str, tuple[int, int, Callable[..., Cel] | None]] = {
    "today": (0, 0, lambda: Cel("today()", "date")),
    "now": (0, 0, lambda: Cel("now()", "datetime")),
    "true": (0, 0, lambda: Cel("true", "bool")),
    "false": (0, 0, lambda: Cel("false", "bool")),
    "not": (1, 1, lambda a: Cel(f"!({truth(a).text})", "bool")),
    "boolean": (1, 1, truth),
    "selected": (2, 2, _selected),
    "count-selected": (1, 1, _count_selected),
    "if": (3, 3, _if),
    "coalesce": (2, 2, _coalesce),
    "once": (1, 1, lambda a: a),
    "concat": (1, 50, _concat),
    "regex": (2, 2, _regex),
    "string-length": (1, 1, _length),
    "string": (1, 1, lambda a: Cel(f"text({a.text})", "str", a.needs)),
    "number": (1, 1, double),
    "int": (1, 1, _int),
    "round": (1, 2, _round),
    "abs": (
        1,
        1,
        lambda a: Cel(f"({double(a).text} < 0.0 ? -{double(a).inside()} : {double(a).text})", "num", a.needs),
    ),
    "sum": (1, 1, _of_list("sum")),
    "count": (1, 1, _count),
    "min": (2, 9, _extreme("least")),
    "max": (2, 9, _extreme("greatest")),
    "date": (1, 1, _date),
    "date-time": (1, 1, lambda a: replace(a, kind="datetime")),
    "format-date": (2, 2, _format_date),
    "format-date-time": (2, 2, _format_date),
    "substr": (2, 3, _substr),
    "contains": (2, 2, _finds("contains")),
    "starts-with": (2, 2, _finds("startsWith")),
    "ends-with": (2, 2, _finds("endsWith")),
    "upper-case": (1, 1, lambda a: Cel(f"upper({_plain(a)})", "str", a.needs)),
    "jr:choice-name": (2, 2, _choice_name),
}
