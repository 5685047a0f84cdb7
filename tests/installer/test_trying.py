"""The try of the packages: its table, its steps, and the pictures it keeps."""

from __future__ import annotations

import marshal
import os
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

from installer.trying.another_version import (
    MODULES,
    UPDATE_ROOT,
    make_believing,
    make_broken,
    make_version,
    module_of,
    with_modules,
)
from installer.trying.giving import Giving
from installer.trying.picture import colours_in_dump, png_of_dump
from installer.trying.table import Figure, table
from installer.trying.trial import Failed, NotThere, Trial, must
from installer.trying.wine_pc import Ended, read_ended
from tests.sync.updates.shelf import PLATFORM, Shelf, same_folder


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path / "packages")


def test_a_figure_over_its_bound_is_not_well(trial: Trial) -> None:
    trial.figure("setup.exe", 29.4, "MB", 30)
    trial.figure("told", 99, "MB")
    assert trial.went_well
    trial.figure("silent install", 20.5, "s", 20)
    assert not trial.went_well
    shown = table(trial.figures)
    assert "29.40 MB" in shown and shown.splitlines()[1].endswith("ok")
    assert shown.splitlines()[-1].endswith("TOO MUCH")
    assert Figure("x", 30, "MB", 30).ok, "the bound itself is allowed"


def test_a_failing_step_says_which_keeps_its_log_and_the_next_is_tried(trial: Trial) -> None:
    with trial.step("windows: installed"):
        must(False, "the store is there", "what was seen")
    with trial.step("windows: removed"):
        raise subprocess.CalledProcessError(3, ["wine"], "said", "complained")
    with trial.step("deb: installed"):
        raise NotThere("no package")
    with trial.step("msi"):
        must(True, "fine")
    assert trial.failed == ["windows: installed", "windows: removed"]
    assert (trial.done, trial.missing) == (["msi"], ["deb: installed: no package"])
    logs = [path.read_text("utf-8") for path in sorted(trial.folder.glob("*.log"))]
    assert "what was seen" in logs[0] and "complained" in logs[1]
    assert not trial.went_well


def test_what_a_command_said_is_read_back(tmp_path: Path) -> None:
    (tmp_path / "status.end").write_text("0 1500000000\n")
    (tmp_path / "status.out").write_bytes('một dòng\n{"records": {"a.b": 3}}\nthừa'.encode())
    (tmp_path / "status.err").write_bytes(b"\xff")
    ended = read_ended(tmp_path, "status").must("status")
    assert (ended.seconds, ended.worked, ended.json) == (1.5, 0, {"records": {"a.b": 3}})
    (tmp_path / "status.end").write_text(f"0 1500000000 {2 * os.sysconf('SC_CLK_TCK')}\n")
    assert read_ended(tmp_path, "status").worked == 2
    with pytest.raises(Failed, match="exit code 7"):
        Ended(7, 0.1, "", "").must("uninstall")
    with pytest.raises(Failed, match="was not run"):
        read_ended(tmp_path, "other")
    with pytest.raises(Failed, match="no JSON"):
        _ = Ended(0, 0.1, "nothing", "").json


def test_a_ratio_is_judged_by_processor_time_and_not_by_the_clock(trial: Trial) -> None:
    def runs(*pairs: tuple[float, float]) -> list[Ended]:
        return [Ended(0, seconds, "", "", worked) for seconds, worked in pairs]

    later = runs((1, 1), (1, 1), (30, 3))  # one of them was held up
    trial.ratio("first ÷ later", runs((9, 1.4), (9, 1.4), (1, 9)), later, 1.5)
    judged, told = trial.figures
    assert (judged.value, judged.bound, told.value, told.bound) == (1.4, 1.5, 9, None)
    assert "medians of 3 and 3" in judged.name
    assert trial.went_well
    trial.ratio("first ÷ later", runs((1, 1.6)), runs((1, 1)), 1.5)
    assert not trial.went_well


def archive_of(modules: dict[str, bytes]) -> bytes:
    """As PyInstaller lays it: the mark, that of Python, where the list is, the packed modules, the list."""
    body, listed = bytearray(b"PYZ\0" + b"mark" + bytes(4) + b"\0"), []
    for name, code in modules.items():
        listed.append((name, (0, len(body), len(zlib.compress(code)))))
        body += zlib.compress(code)
    body[8:12] = struct.pack("!i", len(body))
    return bytes(body) + marshal.dumps(listed)


@pytest.mark.parametrize("number", ["0.1.0", "0.1.0.3", "12.0"])
def test_a_built_folder_becomes_another_version(tmp_path: Path, number: str) -> None:
    code = compile('"""Doc."""\nVERSION = "10.20.30"\n', "resources/version.py", "exec", optimize=2)
    other = marshal.dumps(compile("a = 1", "a.py", "exec"))
    archive = archive_of({"a": other, "resources.version": marshal.dumps(code), "b": other})
    built = tmp_path / "built"
    (built / MODULES).parent.mkdir(parents=True)
    (built / UPDATE_ROOT).parent.mkdir(parents=True)
    (built / MODULES).write_bytes(archive)
    (built / "link").symlink_to("elsewhere")
    believing = make_believing(built, tmp_path / "believing", b"{}")
    changed = marshal.dumps(compile("a = 2", "a.py", "exec"))
    made = make_version(believing, tmp_path / "made", number, {"a": changed})
    new = (made / MODULES).read_bytes()
    said: dict[str, object] = {}
    exec(marshal.loads(module_of(new, "resources.version")), said)  # noqa: S102, S302 - made above
    assert said["VERSION"] == number
    assert (module_of(new, "a"), module_of(new, "b")) == (changed, other)
    assert (made / UPDATE_ROOT).read_bytes() == b"{}" and (made / "link").is_symlink()
    assert (built / MODULES).read_bytes() == archive
    with pytest.raises(KeyError):
        with_modules(archive, {"unknown": other})
    assert (make_broken(made, tmp_path / "broken") / MODULES).read_bytes() == b""


def test_what_a_trial_gives_out_is_taken_by_a_pc(tmp_path: Path) -> None:
    giving = Giving(tmp_path / "place", PLATFORM)
    shelf = Shelf(tmp_path / "shelf")
    shelf.root, before, after = giving.root, shelf.build("1.0.0"), shelf.build("1.0.0.1")
    laid = giving.give("1.0.0.1", after, {"1.0.0": before})
    assert laid.patches["1.0.0"] < laid.whole / 10
    pc = shelf.pc(tmp_path / "pc")
    assert pc.taking().from_folder(giving.folder) == "1.0.0.1"
    assert same_folder(pc.versions / "1.0.0.1", after)


def test_a_screens_memory_becomes_a_picture() -> None:
    """Two lines of two pixels, blue first in memory, with room at each line's end and a table of colours before them."""
    red, green, blue, white = (b"\x00\x00\xff\0", b"\x00\xff\x00\0", b"\xff\x00\x00\0", b"\xff\xff\xff\0")
    fields = [0] * 25
    fields[0], fields[4], fields[5], fields[11], fields[12], fields[19] = 100 + 8, 2, 2, 32, 12, 1
    header = struct.pack(">25I", *fields) + b"root win"
    dump = header + bytes(12) + red + green + bytes(4) + blue + white + bytes(4)
    png = png_of_dump(dump)
    assert png.startswith(b"\x89PNG")
    begin = png.index(b"IDAT") + 4
    lines = zlib.decompress(png[begin : begin + struct.unpack(">I", png[begin - 8 : begin - 4])[0]])
    assert lines == b"\0\xff\x00\x00\x00\xff\x00" + b"\0\x00\x00\xff\xff\xff\xff"
    assert colours_in_dump(dump) == 5, "the four, and the room at the ends"
    from PySide6.QtGui import QImage

    image = QImage.fromData(png)
    assert (image.width(), image.height(), image.pixelColor(1, 0).name()) == (2, 2, "#00ff00")
