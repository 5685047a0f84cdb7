"""PySide does and says the same, whichever way it was brought in."""

from __future__ import annotations

import subprocess
import sys

LIGHTER = "from desktop.quick_imports import bring_in_qt; bring_in_qt()\n"
ASKED = """
import json, sys, threading
from PySide6.QtCore import QObject, QPoint, Qt, QTimer
from PySide6.QtWidgets import QLabel, QWidget

def said(act):
    try:
        return repr(act())
    except Exception as error:
        return f"{type(error).__name__}: {error}"

from PySide6.support.signature import get_signature
asked = [
    lambda: QPoint("a"), lambda: QTimer().setInterval("x"), lambda: QObject().setProperty(3), lambda: QLabel(1, 2, 3, 4),
    lambda: Qt.Key("x"), lambda: QLabel.setText.__doc__, lambda: get_signature(QWidget.resize), lambda: get_signature(QTimer),
]
first = []
thread = threading.Thread(target=lambda: first.append(said(asked[0])))  # of several at once PySide itself says odd things
thread.start()
thread.join()
answers = [said(act) for act in asked]
import PySide6.support.signature.lib.pyi_generator as writer
print(json.dumps([first, answers, writer.Formatter.__name__, writer.__spec__.name]))
"""
UNREAD = """
import sys
from PySide6.QtWidgets import QLabel
names = ("layout", "parser", "lib.enum_sig", "lib.pyi_generator")
print(sorted(name for name in names if "_unread" in vars(sys.modules[f"shibokensupport.signature.{name}"])))
import builtins; print(builtins.__import__)
"""


def told(program: str) -> str:
    run = [sys.executable, "-c", program]
    return subprocess.run(run, capture_output=True, text=True, check=True, timeout=60).stdout


def test_what_is_wrong_with_a_call_is_said_as_ever_and_on_any_thread() -> None:
    """It ends the program where PySide's C++ misses one of the modules that are put off."""
    assert told(LIGHTER + ASKED) == told(ASKED)


def test_what_nobody_asked_for_is_not_read() -> None:
    unread, plain_import = told(LIGHTER + UNREAD).splitlines()
    assert unread == "['layout', 'lib.enum_sig', 'lib.pyi_generator', 'parser']"
    assert plain_import == "<built-in function __import__>"


WITHOUT = """
import sys
import desktop.__main__ as program
try:
    program.main(["open", "--profile"])
except SystemExit:
    pass
import msgspec
print("typing_extensions" in sys.modules)
from typing import Annotated, NotRequired, TypedDict

class Row(TypedDict):
    name: Annotated[str, msgspec.Meta(min_length=1)]
    pages: NotRequired[int]

print(msgspec.json.decode(b'{"name": "a"}', type=Row), msgspec.inspect.type_info(Row))
try:
    msgspec.json.decode(b'{"name": ""}', type=Row)
except msgspec.ValidationError as error:
    print(error)
import typing_extensions
print(typing_extensions.NotRequired is NotRequired)
"""


def test_msgspec_reads_the_same_without_what_it_asks_for_first() -> None:
    plain = WITHOUT.replace("program.main", "(lambda words: None)")
    lighter, whole = told(WITHOUT).splitlines(), told(plain).splitlines()
    assert lighter[-4] == "False"
    assert lighter[-3:] == whole[-3:]
    assert lighter[-1] == "True", "whoever wants it later has it"
