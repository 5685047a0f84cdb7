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
