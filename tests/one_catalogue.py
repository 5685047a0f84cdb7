"""A catalogue that was compiled before is read once for all verbs of a process, as one running program has it once.

Its files are looked at each time as ever: the key is their names, sizes and times of change.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from forms import loader
from forms.catalog_cache import read_cache
from forms.definition import Catalog

_MOST = 4
_read: dict[tuple[Path, str], Catalog] = {}


def _remembered(cache: Path, key: str) -> Catalog | None:
    found = _read.pop((cache, key), None) or read_cache(cache, key)
    if found is not None:
        _read[cache, key] = found
        while len(_read) > _MOST:
            del _read[next(iter(_read))]
    return found


@pytest.fixture(scope="module", autouse=True)
def one_catalogue() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loader, "read_cache", _remembered)
        yield
