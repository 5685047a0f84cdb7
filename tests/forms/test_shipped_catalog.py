"""The catalogue as packages carry it: the same as from its files, wherever it was compiled, and never a need."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from msgspec.structs import asdict

from forms import loader
from forms.flow_book import flow_book
from forms.loader import DEFAULT_FOLDER, load_catalog
from forms.shipped_catalog import PACKED, read_shipped, unpacked, write_shipped


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compiled")
    write_shipped(DEFAULT_FOLDER, folder)
    return folder


def test_it_is_the_catalogue_of_the_files_and_asks_for_none_of_them(
    compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "read_shipped", lambda folder: None)
    plain = load_catalog(cache=tmp_path)
    shipped = read_shipped(DEFAULT_FOLDER, compiled)
    assert shipped is not None
    assert shipped.folder == str(DEFAULT_FOLDER)
    for one, other in zip(shipped.record_types, plain.record_types, strict=True):
        assert (one.id, one.sections, one.rules) == (other.id, other.sections, other.rules)
        assert asdict(one) == asdict(other)
    assert flow_book(shipped).by_key.keys() == flow_book(plain).by_key.keys()
    assert shipped.mark


def test_the_same_files_give_the_same_bytes_in_any_folder_and_a_change_gives_another_mark(
    compiled: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(DEFAULT_FOLDER, copy)
    write_shipped(copy, tmp_path / "one")
    files = {path.name: path.read_bytes() for path in compiled.iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()} == files
    tool = next(copy.glob("*/tool.yaml"))
    tool.write_text(tool.read_text("utf-8") + "\n# changed\n", "utf-8")
    write_shipped(copy, tmp_path / "two")
    assert {path.name for path in (tmp_path / "two").iterdir()} & files.keys() == {PACKED}
    assert (tmp_path / "two" / PACKED).read_bytes() != files[PACKED]


def test_without_it_or_with_a_torn_one_the_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_shipped(DEFAULT_FOLDER, tmp_path / "nowhere") is None
    (tmp_path / "catalog-0123.msgpack").write_bytes(b"\x93torn")
    assert read_shipped(DEFAULT_FOLDER, tmp_path) is None
    monkeypatch.setattr(loader, "read_shipped", lambda folder: read_shipped(folder, tmp_path))
    assert load_catalog(cache=tmp_path / "cache").tools


def test_tools_are_checked_among_the_packed_definitions(
    compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a package: templates and examples as files, definitions packed."""
    laid = tmp_path / "package" / "catalog"
    shutil.copytree(DEFAULT_FOLDER, laid)
    for path in laid.rglob("*.yaml"):
        if path.name != "examples.yaml":
            path.unlink()
    monkeypatch.setattr(loader, "DEFAULT_FOLDER", laid)
    monkeypatch.setattr(loader, "unpacked", lambda folder: unpacked(folder, compiled))
    whole = loader.definitions()
    assert {p.relative_to(whole): p.read_bytes() for p in whole.rglob("*") if p.is_file()} == {
        p.relative_to(DEFAULT_FOLDER): p.read_bytes() for p in DEFAULT_FOLDER.rglob("*") if p.is_file()
    }
    tool = next(path.parent for path in sorted(DEFAULT_FOLDER.glob("*/tool.yaml")))
    shutil.copytree(tool, tmp_path / tool.name)
    assert loader.check(tmp_path / tool.name) == []
    (tmp_path / tool.name / "tool.yaml").write_text("id: [", "utf-8")
    assert loader.check(tmp_path / tool.name)
