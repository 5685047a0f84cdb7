"""The rule engine of the ``cel`` package without the package's command line.

``import cel`` also imports a terminal program (typer, prompt_toolkit, rich), which costs a start 0.1 s and more, and 15 MB.
The compiled module inside it is all that rules need, so it is loaded by itself, under its own name: a later ``import cel``
finds it there, since it cannot be loaded twice in one process.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from types import ModuleType

_NAME = "cel.cel"


def _load() -> ModuleType:
    """Runs under the import lock of this module, so that two threads never load the engine at once. Where the package
    does not lie in a folder (a frozen program) it is imported as a whole."""
    if _NAME in sys.modules:
        return sys.modules[_NAME]
    package = PathFinder.find_spec("cel")
    folders = package.submodule_search_locations if package else None
    spec = PathFinder.find_spec(_NAME, list(folders)) if folders else None
    if spec is None or spec.loader is None:
        return import_module("cel")
    module = module_from_spec(spec)
    sys.modules[_NAME] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[_NAME]
        raise
    return module


engine = _load()
"""Has ``compile`` and ``Context``."""
