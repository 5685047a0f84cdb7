"""``sophuong VERB …``: the command line. Nothing is imported here before the verb is known, and no Qt until it draws."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code: 0 done, 1 bad input or state, 2 bad usage."""
    gc.disable()  # until run knows the verb: opening the workspace wants it so from the first import on
    from desktop.quick_msgspec import bring_in_msgspec

    bring_in_msgspec()
    from desktop.commands.run import run

    return run(list(sys.argv[1:] if argv is None else argv))


def _is_update() -> bool:
    """Whether this is a version that the launcher can go back from."""
    folder = sys.executable.replace("\\", "/").split("/")[-3:-2]
    return bool(getattr(sys, "frozen", False)) and folder == ["versions"]


if __name__ == "__main__":
    try:
        code = main()
    except Exception:
        if _is_update():  # PyInstaller's box would hold the launcher up until somebody closes it
            os._exit(1)
        raise
    sys.exit(code)
