"""Files are kept by content and refused when they are attached, not a day later."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from desktop.app import App
from desktop.forms import attachments
from desktop.forms.attachments import AttachmentRefused, attach, open_copy, shown_size
from desktop.forms.field_widgets.files import FilesField
from desktop.forms.record_page import RecordPage
from tests.desktop.forms.catalogue import EVERYTHING


def test_the_same_scan_is_kept_once_and_encrypted(app: App, tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(b"%PDF scan of a card")
    files = app.store.files
    first, second = (attach(tmp_path / name, files) for name in ("a.pdf", "b.pdf"))
    assert first["sha256"] == second["sha256"] == hashlib.sha256(b"%PDF scan of a card").hexdigest()
    shown = open_copy(first, files, app.temporary)
    assert shown is not None and shown.read_bytes() == b"%PDF scan of a card"
    assert not any(b"scan of a card" in path.read_bytes() for path in app.store.path.rglob("store.db*"))
    assert open_copy({"sha256": "0" * 64}, files, app.temporary) is None


@pytest.mark.parametrize(("name", "size", "words"), [("a.exe", 3, "không phải tệp"), ("a.pdf", 50, "quá 20 B")])
def test_a_wrong_type_and_a_large_file_are_refused(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, size: int, words: str
) -> None:
    monkeypatch.setattr(attachments, "LARGEST", 20)
    (tmp_path / name).write_bytes(b"x" * size)
    with pytest.raises(AttachmentRefused, match=words):
        attach(tmp_path / name, app.store.files)


def test_a_file_that_cannot_be_read_says_why(app: App, tmp_path: Path) -> None:
    with pytest.raises(AttachmentRefused, match="Không đọc được"):
        attach(tmp_path / "none.pdf", app.store.files)


def test_attaching_in_the_form(open_page: Callable[..., RecordPage], app: App, qtbot: Any, tmp_path: Path) -> None:
    page = open_page(EVERYTHING)
    (tmp_path / "tờ khai.pdf").write_bytes(b"%PDF 1")
    (tmp_path / "ảnh.png").write_bytes(b"png")
    field = page.view.cells["f_files"].input
    assert isinstance(field, FilesField)
    field.take([tmp_path / "tờ khai.pdf", tmp_path / "ảnh.png"])
    qtbot.waitUntil(lambda: bool(page.entry.get("f_files")), timeout=5000)
    assert [f["name"] for f in page.entry.get("f_files")] == ["tờ khai.pdf", "ảnh.png"]


@pytest.mark.parametrize(("size", "text"), [(12, "12 B"), (2048, "2 KB"), (1_572_864, "1,5 MB")])
def test_sizes_as_people_read_them(size: int, text: str) -> None:
    assert shown_size(size) == text
