"""msgspec without ``typing_extensions``: it asks for it first and for ``typing`` where it is missing, which says the same from
Python 3.11 on. Nobody else here uses it, and with it come ``inspect`` and the tables of Python's compiler: a twentieth of a start.
"""

from __future__ import annotations

import sys

_NOT_NEEDED = "typing_extensions"


def bring_in_msgspec() -> None:
    """Imports ``msgspec``. Where it is there already, or somebody has asked for the other, nothing is changed."""
    if "msgspec" in sys.modules or _NOT_NEEDED in sys.modules:
        return
    sys.modules[_NOT_NEEDED] = None  # type: ignore[assignment]  # Python's own way to say that there is none
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules[_NOT_NEEDED]
