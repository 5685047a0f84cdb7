"""Pieces of CEL with what is known of their values, and the operators of XPath over them.

XPath takes an empty answer for "" or NaN, so that a comparison with it is false; CEL cannot evaluate one with null. What is
written here therefore asks for null first where that makes a difference.
"""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

from forms.xlsform_words import NotCarried

NUMBERS = frozenset({"int", "num", "decimal"})
DATES = frozenset({"date", "datetime"})


class Cel(Struct, frozen=True):
    """A piece of CEL. ``needs``: what must not be null for it to have a value; ``rank``: 0 may stand anywhere."""

    text: str
    kind: str
    needs: frozenset[str] = frozenset()
    rank: int = 0
    literal: str | None = None

    def inside(self) -> str:
        return f"({self.text})" if self.rank else self.text


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def truth(cel: Cel) -> Cel:
    """As XPath takes a value for true: what is not empty, and not 0."""
    if cel.kind == "bool":
        guard = "".join(f"{name} != null && " for name in sorted(cel.needs))
        return Cel(guard + cel.inside() if guard else cel.text, "bool", rank=1 if guard else cel.rank)
    if cel.kind in NUMBERS:
        return guarded(replace(as_number(cel), text=f"{as_number(cel).inside()} != 0", kind="bool", rank=1))
    return Cel(f"{cel.inside()} != null", "bool", rank=1)


def guarded(cel: Cel) -> Cel:
    if not cel.needs:
        return cel
    return Cel("(" + " && ".join([*(f"{n} != null" for n in sorted(cel.needs)), cel.text]) + ")", cel.kind)


def as_number(cel: Cel) -> Cel:
    """As CEL calculates with it: a decimal is kept as text."""
    if cel.kind in ("int", "num"):
        return cel
    if cel.kind in ("decimal", "str", "one_of"):
        return Cel(f"double({cel.text})", "num", cel.needs)
    if cel.kind == "bool":
        return Cel(f"({cel.text} ? 1 : 0)", "int", cel.needs)
    raise NotCarried("không tính toán được với giá trị này", "one cannot calculate with this value")


def double(cel: Cel) -> Cel:
    number = as_number(cel)
    if number.kind == "num":
        return number
    if number.literal is not None:
        return replace(number, text=f"{number.text}.0", kind="num")
    return Cel(f"double({number.text})", "num", number.needs)


def whole_or_double(left: Cel, right: Cel) -> tuple[Cel, Cel]:
    left, right = as_number(left), as_number(right)
    return (left, right) if left.kind == right.kind == "int" else (double(left), double(right))


def alike(left: Cel, right: Cel) -> tuple[Cel, Cel]:
    """Both as they can be compared for order."""
    if left.kind in DATES or right.kind in DATES:
        if left.kind == "datetime" and right.kind == "date":
            return Cel(f"local_date({left.text})", "date", left.needs), right
        if left.kind == "date" and right.kind == "datetime":
            return left, Cel(f"local_date({right.text})", "date", right.needs)
        return left, right
    if left.kind == right.kind == "str" or {left.kind, right.kind} & {"time"}:
        return left, right
    left, right = as_number(left), as_number(right)
    return left, right


def equality(left: Cel, right: Cel, sign: str) -> Cel:
    if left.literal == "" and left.kind == "str":
        left, right = right, left
    if right.literal == "" and right.kind == "str":
        return Cel(f"{left.inside()} {sign} null", "bool", rank=1)
    if "many_of" in (left.kind, right.kind):
        many, one = (left, right) if left.kind == "many_of" else (right, left)
        if one.literal is None:
            raise NotCarried("so sánh câu chọn nhiều: hãy dùng selected()", "use selected() with a select_multiple")
        return Cel(f"{many.text} {sign} [{quoted(one.literal)}]", "bool", rank=1)
    if (left.kind in NUMBERS and right.kind in NUMBERS | {"str"}) or (right.kind in NUMBERS and left.kind == "str"):
        if (left.kind == "str" and left.literal is None) or (right.kind == "str" and right.literal is None):
            return Cel(f"text({left.text}) {sign} text({right.text})", "bool", rank=1)
        left, right = _literal_number(left), _literal_number(right)
        return _with_needs(as_number(left), as_number(right), sign)
    if "one_of" in (left.kind, right.kind):
        left, right = as_code(left), as_code(right)
    elif "bool" in (left.kind, right.kind):
        left, right = _as_bool(left), _as_bool(right)
    else:
        left, right = alike(left, right)
    if left.rank or right.rank or "(" in left.text + right.text:
        return _with_needs(left, right, sign)
    return Cel(f"{left.text} {sign} {right.text}", "bool", rank=1)


def _with_needs(left: Cel, right: Cel, sign: str) -> Cel:
    whole = Cel(f"{left.inside()} {sign} {right.inside()}", "bool", left.needs | right.needs, 1)
    if sign == "==":
        return guarded(whole)
    return Cel("(" + " || ".join([*(f"{n} == null" for n in sorted(whole.needs)), whole.text]) + ")", "bool")


def _literal_number(cel: Cel) -> Cel:
    if cel.kind != "str" or cel.literal is None:
        return cel
    if not re.fullmatch(r"-?\d+(\.\d+)?", cel.literal.strip()):
        raise NotCarried(f"“{cel.literal}” không phải số", f"“{cel.literal}” is no number")
    return Cel(cel.literal.strip(), "num" if "." in cel.literal else "int", literal=cel.literal.strip())


def as_code(cel: Cel) -> Cel:
    return Cel(quoted(cel.literal), "str", literal=cel.literal) if cel.kind in NUMBERS and cel.literal else cel


def _as_bool(cel: Cel) -> Cel:
    if cel.literal is not None:
        return Cel("true" if cel.literal.lower() in ("ok", "true", "1", "yes") else "false", "bool")
    return cel


def added(left: Cel, right: Cel, sign: str) -> Cel:
    if left.kind in DATES and right.kind in DATES and sign == "-":
        return Cel(f"days_between({right.text}, {left.text})", "int", left.needs | right.needs)
    if left.kind in DATES and right.kind in NUMBERS:
        days = as_number(right)
        whole = days.text if days.kind == "int" else f"int({days.text})"
        return Cel(
            f"add_days({left.text}, {'-' if sign == '-' else ''}{f'({whole})' if days.rank else whole})",
            "date",
            left.needs | right.needs,
        )
    left, right = whole_or_double(left, right)
    return Cel(
        f"{left.text if left.rank < 2 else left.inside()} {sign} {right.inside()}",
        left.kind,
        left.needs | right.needs,
        1,
    )


def multiplied(left: Cel, right: Cel, sign: str) -> Cel:
    if sign == "mod":
        left, right = as_number(left), as_number(right)
        if left.kind != "int" or right.kind != "int":
            raise NotCarried("mod chỉ dùng với số nguyên", "mod works with whole numbers only")
        return Cel(f"{left.inside()} % {right.inside()}", "int", left.needs | right.needs, 1)
    if sign == "div":
        left, right = double(left), double(right)
        return Cel(f"{left.inside()} / {right.inside()}", "num", left.needs | right.needs, 1)
    left, right = whole_or_double(left, right)
    return Cel(f"{left.inside()} * {right.inside()}", left.kind, left.needs | right.needs, 1)
