"""How large a spreadsheet is, before it is read.

The reader holds a sheet as a full rectangle: one stray cell in the last row and column of an .xlsx makes it ask for 500
GB and die with the whole program, and a small zip file can unpack to more than a PC has. So both are counted first.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import IO

from forms.exchange.lines import ExchangeError

MOST_CELLS = 20_000_000  # of the rectangle; about 1 GB in memory
MOST_BYTES = 1024 * 1024 * 1024  # unpacked
_CHUNK = 1024 * 1024
_PLACE = re.compile(rb'<(?:\w+:)?c [^>]*?\br="([A-Z]{1,3})(\d{1,7})"')
_OVERLAP = 512  # bytes kept of each chunk, so that a place cut in two is still seen
_SHEETS = "xl/worksheets/"


def refuse_oversized(path: Path) -> None:
    """Raises ExchangeError for a file that would take more memory than a PC has; OSError when it cannot be opened.

    What is no zip file, or a broken one, is left to the reader, which says so.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as packed:
            if sum(item.file_size for item in packed.infolist()) > MOST_BYTES:
                raise _too_large(path)
            for item in packed.infolist():
                if item.filename.startswith(_SHEETS):
                    with packed.open(item) as sheet:
                        _refuse_far_cells(sheet, path)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError):
        return


def _refuse_far_cells(sheet: IO[bytes], path: Path) -> None:
    rows = columns = 0
    kept = b""
    while chunk := sheet.read(_CHUNK):
        text = kept + chunk
        for letters, row in _PLACE.findall(text):
            rows, columns = max(rows, int(row)), max(columns, _column(letters))
        if rows * columns > MOST_CELLS:
            raise _too_large(path)
        kept = text[-_OVERLAP:]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _too_large(path: Path) -> ExchangeError:
    return ExchangeError(
        f"{path.name}: bảng tính quá lớn, hoặc có ô lạc ở rất xa. Xóa các ô thừa hay lưu thành .csv rồi nhập lại.",
        f"{path.name}: the spreadsheet is too large, or has a stray cell far out. Remove it or save as .csv.",
    )
