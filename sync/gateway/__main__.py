"""``python -m sync.gateway VERB``: the city's side as a program of its own. Verbs: docs and ``--help``.

One line on stderr and exit 1 for bad input or state, 2 for bad usage; never a traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sync.gateway.commands import run


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; the exit code."""
    return run(list(sys.argv[1:] if argv is None else argv))


if __name__ == "__main__":
    raise SystemExit(main())
