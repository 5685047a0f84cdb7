"""What the system says of a file that cannot be read or written, in the words of the office."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from forms.disk_words import disk_words


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught:
        (tmp_path / "đã rút.pdf").read_bytes()
    told = disk_words(caught.value)
    assert "không còn ở đó" in told.vi and "no longer there" in told.en


@pytest.mark.parametrize(
    "name", ["EACCES", "ENOSPC", "EROFS", "EIO", "EBUSY", "EISDIR", "ENAMETOOLONG", "EHOSTUNREACH"]
)
def test_the_usual_reasons_are_told_in_both_languages(name: str) -> None:
    number = getattr(errno, name)
    told = disk_words(OSError(number, os.strerror(number)))
    assert told.vi != told.en and os.strerror(number) not in (told.vi, told.en)


def test_a_rare_reason_keeps_the_words_it_came_with() -> None:
    assert disk_words(OSError(errno.EXDEV, "Invalid cross-device link")).vi == "Invalid cross-device link"
    assert disk_words(OSError("hỏng")).vi == "hỏng"
