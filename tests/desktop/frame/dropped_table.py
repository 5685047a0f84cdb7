"""``python -m tests.desktop.frame.dropped_table PART``: a page is dropped whose PART stands before its table in Python's lists.

Earlier collections bring that about now and then. Python alone destroys the part first, and Qt ends the program.
"""

from __future__ import annotations

import ctypes
import gc
import sys

import shiboken6
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from desktop import theme
from desktop.models.table import CellTable, Column, Row
from desktop.rubbish import collect, collect_here
from desktop.widgets.table import RowTable


def main(part_name: str) -> int:
    application = QApplication([])
    collect_here()
    page = QWidget()
    table = RowTable(CellTable((Column("title", "Tên việc"),)), theme.Look("light", 1.0))
    table.show_rows((Row("1", ("Khai sinh",)),))
    QVBoxLayout(page).addWidget(table)
    page.show()
    application.processEvents()
    page.itself = page  # type: ignore[attr-defined]  # a cycle, as a lambda in a page makes one
    page_gone: list[bool] = []
    page.destroyed.connect(lambda: page_gone.append(True))
    gc.collect()
    part = getattr(table, part_name)()
    _put_behind([one for one in gc.get_objects() if isinstance(one, shiboken6.Object) and one is not part])
    del page, table, part
    collect()
    application.processEvents()
    return 0 if page_gone else 1


def _put_behind(objects: list[object]) -> None:
    for name in ("PyObject_GC_UnTrack", "PyObject_GC_Track"):
        call = getattr(ctypes.pythonapi, name)
        call.argtypes, call.restype = [ctypes.py_object], None
        for one in objects:
            call(one)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
