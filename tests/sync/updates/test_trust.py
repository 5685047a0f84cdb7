"""Who would pass off something else as an update: an old list, a mixed one, one without signatures, one without end."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.updates.errors import UpdateError
from sync.updates.keys import make_key, public_key_of, signer_of
from sync.updates.model import Manifest, UpdateFile, get_manifest, is_repository_path, put_manifest
from sync.updates.parcel import Parcel, write_parcel
from sync.updates.pointer import read_pointer
from sync.updates.refreshing import refresh_timestamp
from sync.updates.sources import FolderSource
from tests.sync.updates.shelf import Pc, Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf(tmp_path / "shelf")
    shelf.publish("1.0.0")
    shelf.publish("1.1.0", "1.0.0")
    return shelf


def refused(pc: Pc, version: str, source: FolderSource) -> str:
    """The code of the refusal, after which the PC is as it was."""
    before = read_pointer(pc.versions)
    with pytest.raises(UpdateError) as error:
        pc.take(version, source)
    assert read_pointer(pc.versions) == before
    assert not (pc.versions / version).exists()
    return error.value.code


def edit(path: Path, change: Callable[[dict], None]) -> None:
    content = json.loads(path.read_bytes())
    change(content)
    path.write_text(json.dumps(content))


def test_an_older_list_is_refused_after_a_newer_one(shelf: Shelf, tmp_path: Path) -> None:
    """Rollback: the attacker shows the city as it was, with a version that has a hole."""
    shutil.copytree(shelf.folder, tmp_path / "old")
    shelf.publish("1.2.0", "1.1.0")
    pc = shelf.pc(tmp_path / "pc")
    pc.take("1.0.0")  # sees nothing it wants; then a newer list
    pc.take("1.2.0")
    assert refused(pc, "1.3.0", FolderSource(tmp_path / "old")) == "older"


def test_an_expired_list_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    """Freeze: the attacker goes on showing a list that was right once."""
    refresh_timestamp(shelf.folder, shelf.signers("timestamp"), datetime.now(UTC) - timedelta(days=31))
    pc = shelf.pc(tmp_path / "pc")
    assert refused(pc, "1.1.0", FolderSource(shelf.folder)) == "expired"
    refresh_timestamp(shelf.folder, shelf.signers("timestamp"))
    assert pc.take("1.1.0") == "1.1.0"


def test_lists_of_different_days_are_not_mixed(shelf: Shelf, tmp_path: Path) -> None:
    """Mix and match: today's timestamp and snapshot over the targets of before."""
    old = max((shelf.folder / "metadata").glob("*.targets.json"))
    content = old.read_bytes()
    shelf.publish("1.2.0", "1.1.0")
    newest = max((shelf.folder / "metadata").glob("*.targets.json"))
    assert newest != old
    newest.write_bytes(content)
    assert refused(shelf.pc(tmp_path / "pc"), "1.1.0", FolderSource(shelf.folder)) in ("older", "damaged")


def test_another_snapshot_under_a_fresh_timestamp_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    first = (shelf.folder / "metadata" / "2.snapshot.json").read_bytes()
    shelf.publish("1.2.0", "1.1.0")
    max((shelf.folder / "metadata").glob("*.snapshot.json")).write_bytes(first)
    assert refused(shelf.pc(tmp_path / "pc"), "1.2.0", FolderSource(shelf.folder)) in ("older", "damaged")


def test_a_list_signed_by_a_stranger_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    stranger = Shelf(tmp_path / "stranger")
    stranger.publish("1.1.0")
    assert refused(shelf.pc(tmp_path / "pc"), "1.1.0", FolderSource(stranger.folder)) == "signature"


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_one_changed_letter_breaks_the_signature(shelf: Shelf, tmp_path: Path, role: str) -> None:
    path = max((shelf.folder / "metadata").glob(f"*{role}.json"))
    edit(path, lambda list_: list_["signed"].update(expires="2099-01-01T00:00:00Z"))
    assert refused(shelf.pc(tmp_path / "pc"), "1.1.0", FolderSource(shelf.folder)) in ("signature", "damaged")


def test_a_new_root_needs_two_of_the_three(shelf: Shelf, tmp_path: Path) -> None:
    """Threshold: one stolen root key appoints nobody. The keepers' tool does not publish it, nor do PCs take it."""
    make_key(tmp_path / "thief.pem")
    thief = public_key_of(tmp_path / "thief.pem.pub")
    repository = shelf.repository()
    repository.draft_root({"targets": [thief]})
    assert not repository.sign_root(shelf.signers("root-1"))
    assert not repository.sign_root([signer_of(tmp_path / "thief.pem")])
    assert not (shelf.folder / "metadata" / "2.root.json").exists()
    (shelf.folder / "root-draft.json").rename(shelf.folder / "metadata" / "2.root.json")
    assert refused(shelf.pc(tmp_path / "pc"), "1.1.0", FolderSource(shelf.folder)) == "signature"


def test_keys_are_exchanged_and_pcs_follow(shelf: Shelf, tmp_path: Path) -> None:
    """Rotation: a root key and the targets key are lost; a PC that was off for all of it follows both steps."""
    pc, late = shelf.pc(tmp_path / "pc"), shelf.pc(tmp_path / "late")
    pc.take("1.0.0")
    for name in ("root-4", "targets-2"):
        make_key(shelf.keys / f"{name}.pem")
    public = {name: public_key_of(shelf.keys / f"{name}.pem.pub") for name in ("root-1", "root-2", "root-4")}
    repository = shelf.repository()
    repository.draft_root({"root": [public["root-1"], public["root-2"], public["root-4"]]})
    assert not repository.sign_root(shelf.signers("root-1"))
    assert repository.sign_root(shelf.signers("root-2"))
    repository.draft_root({"targets": [public_key_of(shelf.keys / "targets-2.pem.pub")]})
    assert repository.sign_root(shelf.signers("root-4", "root-1"))
    with pytest.raises(UpdateError, match="targets"):
        repository.publish({}, shelf.signers())
    signers = shelf.signers("targets-2", "snapshot", "timestamp")
    shelf.build("1.2.0")
    from sync.updates.publishing import publish_version
    from tests.sync.updates.shelf import PLATFORM

    publish_version(repository, "1.2.0", {PLATFORM: shelf.built / "1.2.0"}, {}, {}, signers=signers, level=3)
    assert pc.take("1.2.0") == late.take("1.2.0") == "1.2.0"
    # the old key signs no more, for nobody
    old = shelf.signers("targets")[0]
    path = max((shelf.folder / "metadata").glob("*.targets.json"), key=lambda p: int(p.name.split(".")[0]))
    from tuf.api.metadata import Metadata

    forged = Metadata.from_bytes(path.read_bytes())
    forged.signatures.clear()
    forged.sign(old)
    path.write_bytes(forged.to_bytes())
    assert refused(shelf.pc(tmp_path / "new"), "1.2.0", FolderSource(shelf.folder)) == "signature"


class Endless(FolderSource):
    """Gives more than it was asked for, for ever, in place of files whose path has ``of`` in it."""

    def __init__(self, folder: Path, of: str) -> None:
        super().__init__(folder)
        self._of = of
        self.given = 0

    def part(self, path: str, start: int, length: int) -> bytes:
        if self._of not in path:
            return super().part(path, start, length)
        self.given += length * 4
        assert self.given < 64_000_000, "it reads on and on"
        return b"x" * (length * 4)


@pytest.mark.parametrize("of", ["timestamp", "snapshot", "2.root", "targets.json", "manifest", "from-1.0.0"])
def test_data_without_end_ends(shelf: Shelf, tmp_path: Path, of: str) -> None:
    pc = shelf.pc(tmp_path / "pc")
    assert refused(pc, "1.1.0", Endless(shelf.folder, of)) == "damaged"
    assert sum(path.stat().st_size for path in pc.versions.rglob("*") if path.is_file()) < 2_000_000


@pytest.mark.parametrize("name", ["manifest", "from-1.0.0", "whole"])
def test_a_changed_file_is_refused_and_fetched_anew(shelf: Shelf, tmp_path: Path, name: str) -> None:
    pc = shelf.pc(tmp_path / "pc")
    if name == "whole":
        (pc.here.running / "_internal" / "lib1.so").write_bytes(b"y" * 40_000)
    paths = list((shelf.folder / "targets" / pc.here.platform / "1.1.0").glob(f"*.{name}"))
    good = paths[0].read_bytes()
    paths[0].write_bytes(bytes([good[0] ^ 1]) + good[1:])
    assert refused(pc, "1.1.0", FolderSource(shelf.folder)) == "damaged"
    paths[0].write_bytes(good)
    assert pc.take("1.1.0") == "1.1.0"


def test_a_second_source_is_asked_when_the_first_lies(shelf: Shelf, tmp_path: Path) -> None:
    """A hub that was taken over can only be useless."""
    stranger = Shelf(tmp_path / "stranger")
    stranger.publish("1.1.0")
    pc = shelf.pc(tmp_path / "pc")
    assert pc.take("1.1.0", FolderSource(stranger.folder), FolderSource(shelf.folder)) == "1.1.0"


@pytest.mark.parametrize(
    "path", ["../profile/key", "/etc/cron", "a/../../b", "C:/x", "a\\b", "", "a//b", "CON ", "x/.", "a:stream"]
)
def test_a_manifest_never_leads_out_of_its_folder(path: str) -> None:
    """Signed or not: a mistake of the keepers must not write over an officer's files either."""
    manifest = Manifest(version="1.0.0", platform="p", files=(UpdateFile(path, 1, b"x" * 32),))
    with pytest.raises(UpdateError):
        get_manifest(put_manifest(manifest))


@pytest.mark.parametrize("link", ["../../x", "/etc/passwd", "a/../../../b"])
def test_a_link_never_leads_out_either(link: str) -> None:
    files = (UpdateFile("lib/one", 0, b"", link=link),)
    with pytest.raises(UpdateError):
        get_manifest(put_manifest(Manifest(version="1.0.0", platform="p", files=files)))


def test_two_names_that_windows_takes_for_one_are_refused() -> None:
    files = (UpdateFile("Lib/a", 1, b"x" * 32), UpdateFile("lib/A", 1, b"x" * 32))
    with pytest.raises(UpdateError):
        get_manifest(put_manifest(Manifest(version="1.0.0", platform="p", files=files)))


@pytest.mark.parametrize(
    "path",
    ["metadata/../../etc/passwd", "root-draft.json", "metadata/x.json", "targets/a/../b", "keys/root-1.pem", "metadata/",
     "targets/linux-x86_64/1.0.0/" + "0" * 64 + ".whole/..", "targets//" + "0" * 64 + ".whole"],
)  # fmt: skip
def test_only_files_of_the_repository_are_served(path: str) -> None:
    assert not is_repository_path(path)


def test_a_parcel_that_unpacks_to_more_than_it_says_is_refused(tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(b"\0" * 50_000_000)
    write_parcel(tmp_path / "parcel", [(big, None)], level=3)
    import msgspec

    content = (tmp_path / "parcel").read_bytes()
    length = int.from_bytes(content[4:8], "big")
    head = msgspec.msgpack.decode(content[8 : 8 + length])
    head[0][1] = 10
    new = msgspec.msgpack.encode(head)
    (tmp_path / "lying").write_bytes(content[:4] + len(new).to_bytes(4, "big") + new + content[8 + length :])
    parcel = Parcel(tmp_path / "lying")
    with (tmp_path / "out").open("wb") as out, pytest.raises(UpdateError):
        parcel.unpack(parcel.contents[0].sha256, out, {})
    assert (tmp_path / "out").stat().st_size < 1_000_000


def test_what_was_published_is_never_changed(shelf: Shelf) -> None:
    with pytest.raises(UpdateError, match="đã phát"):
        shelf.publish("1.1.0")


def test_a_dropped_version_leaves_the_repository_with_its_patches(shelf: Shelf) -> None:
    from sync.updates.publishing import drop_version

    shelf.publish("1.2.0", "1.1.0")
    drop_version(shelf.repository(), "1.1.0", shelf.signers())
    assert not [name for name in shelf.repository().targets() if "1.1.0" in name]
    assert not list(shelf.folder.rglob("*from-1.1.0"))
    assert [p.name.split(".", 1)[1] for p in (shelf.folder / "targets").rglob("*.whole")] == ["whole", "whole"]


def test_lists_that_a_power_cut_left_half_are_fetched_anew(shelf: Shelf, tmp_path: Path) -> None:
    pc = shelf.pc(tmp_path / "pc")
    pc.take("1.1.0")
    for path in (pc.versions / "metadata").rglob("*.json"):
        path.write_bytes(path.read_bytes()[: 50 if "root" in path.name else 0])
    shelf.publish("1.2.0", "1.1.0")
    assert pc.take("1.2.0") == "1.2.0"
