"""A new version comes whole or not at all, beside the one in use."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from sync.protocol import SyncError
from sync.updates import fetching, laying
from sync.updates.errors import UpdateError
from sync.updates.installation import read_state
from sync.updates.pointer import Pointer, came_up, not_a_try, read_pointer, write_pointer
from sync.updates.sources import FolderSource
from sync.updates.standing import settle, waiting
from tests.sync.updates.shelf import Pc, Shelf, same_folder, three_versions


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return three_versions(tmp_path_factory.mktemp("shelf"))


class Counting(FolderSource):
    """Counts bytes; breaks after ``most``."""

    def __init__(self, folder: Path, most: int = 10**12) -> None:
        super().__init__(folder)
        self.bytes = self.most = 0
        self.most = most
        self.asked: list[str] = []

    def part(self, path: str, start: int, length: int) -> bytes:
        if self.bytes >= self.most:
            raise SyncError("unreachable", "Chưa nối được với thành phố; sẽ tự thử lại.")
        content = super().part(path, start, length)
        self.bytes += len(content)
        self.asked.append(path)
        return content


def test_a_patch_makes_the_new_version_beside_the_old(shelf: Shelf, tmp_path: Path) -> None:
    pc, source = shelf.pc(tmp_path), Counting(shelf.folder)
    assert pc.take("1.2.0", source) == "1.2.0"
    assert same_folder(pc.versions / "1.2.0", shelf.built / "1.2.0")
    assert same_folder(pc.here.running, shelf.built / "1.0.0")
    assert read_pointer(pc.versions) == Pointer(version="1.2.0", before="1.0.0")
    assert source.bytes < 20_000  # of 440,000
    assert not any(path.endswith("whole") for path in source.asked)
    assert read_state(pc.versions).notes["vi"] == ("Có gì mới trong 1.2.0",)


def test_without_a_patch_the_whole_version_comes(shelf: Shelf, tmp_path: Path) -> None:
    shelf.build("0.9.0") if not (shelf.built / "0.9.0").exists() else None
    pc = shelf.pc(tmp_path, "0.9.0")
    assert pc.take("1.1.0") == "1.1.0"
    assert same_folder(pc.versions / "1.1.0", shelf.built / "1.1.0")


def test_a_changed_file_of_the_present_version_makes_the_whole_one_come(shelf: Shelf, tmp_path: Path) -> None:
    pc = shelf.pc(tmp_path)
    (pc.here.running / "_internal" / "lib3.so").write_bytes(b"x" * 40_000)
    assert pc.take("1.1.0") == "1.1.0"
    assert same_folder(pc.versions / "1.1.0", shelf.built / "1.1.0")


def test_a_cut_download_goes_on_where_it_broke(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PART", 16 * 1024)
    shelf.build("0.8.0") if not (shelf.built / "0.8.0").exists() else None
    pc, moved, cuts = shelf.pc(tmp_path, "0.8.0"), 0, 0
    while True:
        source = Counting(shelf.folder, 90_000)
        try:
            pc.take("1.1.0", source)
            break
        except SyncError:
            cuts += 1
            moved += source.bytes
            assert waiting(pc.here) == ""
    whole = next(t.length for n, t in shelf.repository().targets().items() if n.endswith("1.1.0/whole"))
    assert cuts >= 4
    assert moved < whole * 1.3  # nothing of it came twice but lists and the parts that were cut
    assert same_folder(pc.versions / "1.1.0", shelf.built / "1.1.0")


def test_what_a_folder_holds_is_taken_by_whoever_has_the_stick(shelf: Shelf, tmp_path: Path) -> None:
    pc = shelf.pc(tmp_path)
    assert pc.taking().from_folder(shelf.folder.parent) == "1.2.0"
    with pytest.raises(UpdateError, match="Không thấy bản mới"):
        pc.taking().from_folder(tmp_path)
    assert read_state(pc.versions).trouble_code == "nothing"


def test_a_full_disk_changes_nothing(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pc = shelf.pc(tmp_path)
    whole_write, count = laying._put, 0

    def full(*arguments) -> None:
        nonlocal count
        count += 1
        if count == 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        whole_write(*arguments)

    monkeypatch.setattr(laying, "_put", full)
    with pytest.raises(UpdateError) as refused:
        pc.take("1.1.0")
    assert refused.value.code == "disk"
    assert read_state(pc.versions).trouble_code == "disk"
    assert read_pointer(pc.versions) is None
    assert [path.name for path in pc.versions.iterdir() if path.name.startswith(("1.", ".laying"))] == []
    assert pc.take("1.1.0") == "1.1.0"


def test_too_little_room_is_found_before_anything_is_written(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(laying, "SPARE", 1 << 60)
    with pytest.raises(UpdateError, match="Dọn bớt đĩa"):
        shelf.pc(tmp_path).take("1.1.0")


def test_an_older_or_equal_version_is_never_taken(shelf: Shelf, tmp_path: Path) -> None:
    pc = shelf.pc(tmp_path, "1.1.0")
    for older in ("1.0.0", "1.1.0", ""):
        assert pc.take(older) == ""
    assert read_pointer(pc.versions) is None


def test_a_version_that_did_not_come_up_is_refused_for_good(shelf: Shelf, tmp_path: Path) -> None:
    pc = shelf.pc(tmp_path)
    pc.take("1.1.0")
    write_pointer(pc.versions, Pointer(version="1.1.0", before="1.0.0", tried=2))  # as the launcher leaves it
    assert settle(pc.here).fell_back == "1.1.0"
    assert read_pointer(pc.versions) is None  # the installation's own
    told = {}
    from sync.updates.model import UpdateOffer

    def ask(said: dict[str, str]) -> UpdateOffer:
        told.update(said)
        return UpdateOffer(version="1.1.0")

    assert pc.taking().offered(ask, [FolderSource(shelf.folder)]) == ""
    assert told["failed"] == "1.1.0"
    assert read_state(pc.versions).fell_back == ""  # the city knows
    assert pc.take("1.2.0") == "1.2.0"


def test_a_version_whose_program_was_taken_out_is_laid_anew_once_and_from_a_stick_always(
    shelf: Shelf, tmp_path: Path
) -> None:
    """A virus scanner puts the program of a good version away: the launcher starts the one before, which may not even know the
    store's form any more."""
    pc = shelf.pc(tmp_path)
    pc.take("1.1.0")
    came_up(pc.versions, "1.1.0")
    program = pc.versions / "1.1.0" / "sophuong"
    program.unlink()
    assert waiting(pc.here) == ""
    assert pc.take("1.1.0") == "1.1.0"
    assert same_folder(pc.versions / "1.1.0", shelf.built / "1.1.0")
    assert read_pointer(pc.versions) == Pointer(version="1.1.0", before="1.0.0")  # it has to prove itself once more
    program.unlink()
    assert pc.take("1.1.0") == "", "fetched for the scanner each few hours otherwise"
    assert pc.taking().from_folder(shelf.folder) == "1.2.0"
    (pc.versions / "1.2.0" / "sophuong").unlink()
    assert pc.taking().from_folder(shelf.folder) == pc.taking().from_folder(shelf.folder) == "1.2.0"


def test_coming_up_makes_a_version_good_and_leaving_early_is_no_try(shelf: Shelf, tmp_path: Path) -> None:
    pc = shelf.pc(tmp_path)
    pc.take("1.1.0")
    write_pointer(pc.versions, Pointer(version="1.1.0", before="1.0.0", tried=1))
    not_a_try(pc.versions, "1.1.0")
    assert read_pointer(pc.versions) == Pointer(version="1.1.0", before="1.0.0")
    came_up(pc.versions, "1.0.0")  # the old one is still open
    assert not read_pointer(pc.versions).good
    came_up(pc.versions, "1.1.0")
    assert read_pointer(pc.versions) == Pointer(version="1.1.0", before="1.0.0", good=True)


def test_only_the_present_and_the_one_before_are_kept(shelf: Shelf, tmp_path: Path) -> None:
    shelf.publish("1.3.0", "1.2.0")
    pc = shelf.pc(tmp_path)
    for version in ("1.1.0", "1.2.0", "1.3.0"):
        pc.take(version)
        came_up(pc.versions, version)
        pc = pc.started(version)
    assert sorted(p.name for p in pc.versions.iterdir() if p.name[0].isdigit()) == ["1.2.0", "1.3.0"]
    assert read_pointer(pc.versions) == Pointer(version="1.3.0", before="1.2.0", good=True)


def test_a_withdrawn_version_that_waits_is_not_begun(shelf: Shelf, tmp_path: Path) -> None:
    pc = shelf.pc(tmp_path)
    pc.take("1.1.0")
    assert pc.take("", withdrawn=("1.1.0",)) == ""
    assert read_pointer(pc.versions) is None
    assert not (pc.versions / "1.1.0").exists()


def test_stopping_keeps_what_came(shelf: Shelf, tmp_path: Path) -> None:
    pc = shelf.pc(tmp_path)
    from sync.updates.model import UpdateOffer

    with pytest.raises(UpdateError) as stopped:
        pc.taking(lambda: True).offered(lambda told: UpdateOffer(version="1.1.0"), [FolderSource(shelf.folder)])
    assert stopped.value.code == "stopped"
    assert read_state(pc.versions).trouble_code == ""


def test_two_programs_do_not_take_at_once(shelf: Shelf, tmp_path: Path) -> None:
    pc = shelf.pc(tmp_path)
    from sync.lock import SyncLock

    pc.versions.mkdir()
    with SyncLock(pc.versions), pytest.raises(UpdateError, match="cửa sổ khác"):
        pc.take("1.1.0")


def test_a_program_without_keys_says_so(shelf: Shelf, tmp_path: Path) -> None:
    from msgspec.structs import replace

    pc = shelf.pc(tmp_path)
    pc.here = replace(pc.here, root=b"")
    with pytest.raises(UpdateError) as refused:
        pc.take("1.1.0")
    assert refused.value.code == "key"


def test_a_half_laid_version_is_never_pointed_to(shelf: Shelf, tmp_path: Path) -> None:
    """What a power cut leaves is laid anew, and gone after that."""
    pc: Pc = shelf.pc(tmp_path)
    half = pc.versions / ".laying-1.1.0"
    half.mkdir(parents=True)
    (half / "sophuong").write_text("half")
    (pc.versions / ".laying-1.0.5").mkdir()
    assert pc.take("1.1.0") == "1.1.0"
    assert same_folder(pc.versions / "1.1.0", shelf.built / "1.1.0")
    assert not list(pc.versions.glob(".laying-*"))


def test_what_the_city_offered_is_taken_from_a_hub_while_the_line_is_down(shelf: Shelf, tmp_path: Path) -> None:
    pc = shelf.pc(tmp_path)

    def no_line(told: dict[str, str]):
        raise SyncError("unreachable", "Chưa nối được với thành phố; sẽ tự thử lại.")

    with pytest.raises(SyncError):
        pc.taking().offered(no_line, [FolderSource(shelf.folder)])
    with pytest.raises(SyncError):
        pc.take("1.1.0", Counting(shelf.folder, 0))
    assert pc.taking().offered(no_line, [Counting(shelf.folder, 0), FolderSource(shelf.folder)]) == "1.1.0"
