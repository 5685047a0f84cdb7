"""Tables typed with fonts from before Unicode (TCVN3, VNI): recognised, told, and read once a person has said so.

Nothing is converted by a guess alone. Of a file that is said to be in an old font each column is judged by itself, since
such files often have columns from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from forms.exchange.lines import ExchangeError
from forms.legacy_text import Encoding, convert, guess_encoding, likeliest

_SAMPLE = 400  # cells of a column that are looked at
_NAMES = {"tcvn3": "TCVN3 (.VnTime)", "vni": "VNI (VNI-Times)"}


def old_bytes(data: bytes, written: Encoding | None) -> str | None:
    """Bytes that are neither UTF-8 nor UTF-16, one character a byte, if they are in an old font; None: Windows' own page."""
    western = data.decode("cp1252", "replace") if written == "vni" else data.decode("latin-1")
    if written is not None:
        return None if written == "unicode" else western
    start = western[: 1 << 16]
    found = likeliest(
        {
            "unicode": data[: 1 << 16].decode("cp1258", "replace"),
            "tcvn3": convert(start, "tcvn3"),
            "vni": convert(start, "vni"),
        }
    )
    return None if found == "unicode" else western


def reader_of(rows: Iterable[list[Any]], written: Encoding | None, file: str) -> Callable[[list[Any]], list[Any]]:
    """What makes Unicode of a row's cells. Raises ExchangeError, with an example, where the rows look like an old font and
    nobody said which (``written``)."""
    if written == "unicode":
        return list
    columns: dict[int, dict[str, None]] = {}
    rest = iter(rows)
    headings = next(rest, [])
    for cells in rest:
        for at, cell in enumerate(cells):
            if isinstance(cell, str) and not cell.isascii():
                column = columns.setdefault(at, {})
                if len(column) < _SAMPLE:
                    column[cell] = None
    for at, heading in enumerate(headings):  # a heading speaks for a column that says nothing itself
        if isinstance(heading, str) and not heading.isascii():
            columns.setdefault(at, {heading: None})
    found = {at: guess_encoding(column, written or "unicode") for at, column in columns.items()}
    old = {at: encoding for at, encoding in found.items() if encoding != "unicode"}
    if old and written is None:
        at, encoding = next(iter(old.items()))
        raise _ask(file, encoding, next(cell for cell in columns[at] if convert(cell, encoding) != cell))
    if not old:
        return list
    return lambda cells: [
        convert(cell, old[at]) if at in old and isinstance(cell, str) else cell for at, cell in enumerate(cells)
    ]


def _ask(file: str, encoding: Encoding, cell: str) -> ExchangeError:
    shown, read = cell[:40], convert(cell[:40], encoding)
    return ExchangeError(
        f"{file}: tệp có vẻ gõ bằng phông chữ cũ {_NAMES[encoding]}: “{shown}” đọc ra là “{read}”. Chưa nhập dòng nào. "
        f"Đọc ra đúng thì nhập lại với --text {encoding}; chữ trong tệp vốn đã đúng thì với --text unicode.",
        f"{file}: the file looks typed with an old font, {_NAMES[encoding]}: “{shown}” reads “{read}”. Nothing was taken in. "
        f"If that reads right, import again with --text {encoding}; if the file is right as it is, with --text unicode.",
    )
