"""What an error says in the window: in its language alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.language import say_error, use_language
from forms.label import Label, both
from sync.store.model import StoreError
from tests.desktop.frame import ward

ROOT = Path(__file__).parents[2]
KEPT = ("strerror", "trouble=str(outcome.error)")
"""The system's own words; and what is kept in a file and said in one language where it is shown."""


@pytest.fixture(autouse=True)
def _vietnamese_after() -> Iterator[None]:
    yield
    use_language("vi")


@pytest.mark.parametrize(("language", "words"), [("vi", "Kho dữ liệu đã đóng."), ("en", "The store is closed")])
def test_a_closed_store_says_so_in_one_language(tmp_path: Path, language: str, words: str) -> None:
    store = ward.make_store(tmp_path / "store", ward.clock())
    store.close()
    with pytest.raises(StoreError) as caught:
        store.drafts.all()
    use_language(language)
    assert say_error(caught.value) == words


def test_brackets_that_belong_to_the_sentence_stay() -> None:
    said = both("Không ghi được vào /home/van.an (Ủy ban)/Kho; hãy kiểm tra quyền ghi. (Folder is read-only)")
    assert said == Label("Không ghi được vào /home/van.an (Ủy ban)/Kho; hãy kiểm tra quyền ghi.", "Folder is read-only")
    refused = both("Bản ghi đang ở “Đã ký” nên không làm được “Thu hồi”. (“Withdraw” cannot start from “Signed”)")
    assert refused.en == "“Withdraw” cannot start from “Signed”"
    assert both("Chưa ghi số giấy tờ (CCCD).").en == "Chưa ghi số giấy tờ (CCCD)."


def test_no_widget_shows_an_error_in_both_languages() -> None:
    """``str`` of an error is for the log; the command line, the self-test and the demo have their own ways, and the rollout file is
    read by the city's IT."""
    desktop = ROOT / "desktop"
    others = {
        desktop / name for name in ("commands", "selftest", "demo", "language.py", "rollout.py", "rollout_keys.py")
    }
    left = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file in sorted(desktop.rglob("*.py"))
        if others.isdisjoint((file, *file.parents))
        for line in re.findall(r".*(?:\bstr\([\w.]*(?:error|failed)\)|\{error\}).*", file.read_text("utf-8"))
        if not any(kept in line for kept in KEPT)
    ]
    assert left == []
