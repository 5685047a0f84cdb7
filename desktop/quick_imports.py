"""Bringing Qt in without what a running program has no use for.

With its first module PySide reads its own knowledge of signatures, a tenth of what a bare window costs: Python sources out of
an archive, compiled anew at each start, and with them the writer of its type stubs. They are asked when a call to Qt was
given wrong arguments, or somebody wants a signature; here they are read then. PySide also puts a function of its own in the
place of ``import``, which reads the source of every module imported afterwards, to see whether it asks for PySide's other
spelling of names (``__feature__``), and keeps the text: nobody here asks for it, and ``import`` stays what it is.

Held against the versions of PySide in KNOWN_VERSIONS; with any other the signatures are read as ever.
"""

from __future__ import annotations

import builtins
import sys
import threading
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.abc import Loader  # it brings importlib.resources along, and that tempfile and the like

KNOWN_VERSIONS = ("6.9.",)
_SUPPORT = "shibokensupport.signature"
_LATER = {"layout", "parser", "enum_sig", "pyi_generator"}  # "mapping" is looked into by PySide's C++ itself
_reading = threading.RLock()


class _ReadLater(ModuleType):
    """A module whose text is read when it is first asked for something."""

    def __init__(self, spec: ModuleSpec, loader: Loader) -> None:
        super().__init__(spec.name)
        self.__spec__, self.__loader__, self.__package__ = spec, loader, spec.parent
        self.__file__ = f"{spec.name.replace('.', '/')}.py"
        vars(self)["_unread"] = (spec.name, loader)

    def __getattr__(self, name: str) -> Any:
        kept = vars(self)
        if not name.startswith("__"):
            with _reading:
                if unread := kept.pop("_unread", None):
                    _read(self, *unread)
                if name in kept:
                    return kept[name]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


def _read(module: ModuleType, first_name: str, loader: Loader) -> None:
    """Read beside and put in at once: another thread must not meet half of it."""
    beside = ModuleType(first_name)
    beside.__spec__, beside.__package__ = ModuleSpec(first_name, loader), module.__package__
    loader.exec_module(beside)
    sys.modules[first_name] = module
    vars(module).update((name, part) for name, part in vars(beside).items() if not name.startswith("__"))


def bring_in_qt() -> None:
    """Imports ``PySide6.QtCore``. Where PySide is there already, nothing is changed."""
    if "PySide6" in sys.modules:
        return
    plain = builtins.__import__

    def lighter(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith(_SUPPORT) and len(rest) > 2 and rest[2] and len(rest[2]) == 1 and rest[2][0] in _LATER:
            _put_off(f"{name}.{rest[2][0]}")
        return plain(name, *rest, **named)

    builtins.__import__ = lighter
    try:
        import PySide6.QtCore  # noqa: F401
    finally:
        builtins.__import__ = plain


def _put_off(name: str) -> None:
    version = getattr(sys.modules.get("shiboken6"), "__version__", "")
    if name in sys.modules or not version.startswith(KNOWN_VERSIONS):
        return
    spec = find_spec(name)
    if spec is not None and spec.loader is not None:
        sys.modules[name] = _ReadLater(spec, spec.loader)
