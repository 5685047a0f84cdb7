"""A pack file is taken whole and as it was signed, or not at all."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms import pack as packs
from forms.pack import build, check_program, open_pack, trusted
from forms.pack_format import MAGIC, Manifest, PackError, is_safe_path, version_key
from forms.pack_keys import PASSPHRASE, new_keys, read_private, read_public

FILES = {
    "catalog.yaml": b'version: "2"\n',
    "tool/tool.yaml": "id: tool # Đường\n".encode(),
    "tool/print/a b (1).html": b"x",
}


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_keys(tmp_path_factory.mktemp("keys") / "k.pem")[0]


@pytest.fixture(scope="module")
def content(key: Path) -> bytes:
    return build(FILES, key, version="2", serial=7, made_at="2026-11-23T00:00:00Z")


def signed(payload: bytes, key: Path) -> bytes:
    return MAGIC + read_private(key).sign(payload) + payload


def zipped(entries: dict[str, bytes], manifest: Manifest | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        if manifest is not None:
            archive.writestr("manifest.json", msgspec.json.encode(manifest))
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def manifest_of(files: dict[str, bytes]) -> Manifest:
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    return Manifest(serial=1, version="1", made_at="", files=digests)


def refused(content: bytes, key: Path) -> str:
    with pytest.raises(PackError) as error:
        open_pack(content, [read_public(key)])
    assert error.value.label.vi
    assert error.value.label.en
    return error.value.code


def test_what_goes_in_comes_out(content: bytes, key: Path, tmp_path: Path) -> None:
    pack = open_pack(content, [read_public(key)])
    pack.unpack(tmp_path / "p")
    assert {
        str(p.relative_to(tmp_path / "p")): p.read_bytes() for p in (tmp_path / "p").rglob("*") if p.is_file()
    } == FILES
    assert (pack.manifest.version, pack.manifest.serial) == ("2", 7)


def test_the_same_content_makes_the_same_file(content: bytes, key: Path) -> None:
    assert build(dict(reversed(FILES.items())), key, version="2", serial=7, made_at="2026-11-23T00:00:00Z") == content


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_one_changed_byte_or_a_cut_is_always_seen(content: bytes, key: Path, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        broken = content[:at]
    else:
        broken = content[:at] + bytes([content[at] ^ data.draw(st.integers(1, 255))]) + content[at + 1 :]
    assert refused(broken, key) in ("signature", "not_a_pack")


def test_another_key_and_no_key_trust_nothing(content: bytes, tmp_path: Path) -> None:
    other, _ = new_keys(tmp_path / "other.pem")
    assert refused(content, other) == "signature"
    with pytest.raises(PackError):
        open_pack(content, [])
    with pytest.raises(PackError):
        open_pack(content, ["rubbish"])


PATHS = ["../x", "/etc/x", "a/../../x", "C:/x", "a\\..\\x", "a/./x", "CON", "a/nul.yaml", "x.", "a//b", "", "a/\0"]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_leaves_its_folder_is_refused_even_when_signed(path: str, key: Path, tmp_path: Path) -> None:
    assert not is_safe_path(path)
    name = "catalog/" + path.replace("\0", "")
    payload = zipped({name: b"x"}, manifest_of({name.removeprefix("catalog/"): b"x"}))
    assert refused(signed(payload, key), key) == "damaged"
    assert list(tmp_path.iterdir()) == []


def test_a_bomb_is_stopped_while_it_is_read(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "LARGEST_FILE", 100_000)
    files = {"a.yaml": bytes(2_000_000)}
    payload = zipped({"catalog/a.yaml": files["a.yaml"]}, manifest_of(files))
    assert len(payload) < 10_000
    assert refused(signed(payload, key), key) == "too_large"
    monkeypatch.setattr(packs, "LARGEST_CONTENT", 150_000)
    files = {f"{n}.yaml": bytes(90_000) for n in range(3)}
    payload = zipped({f"catalog/{name}": data for name, data in files.items()}, manifest_of(files))
    assert refused(signed(payload, key), key) == "too_large"


def test_files_that_are_not_the_manifests_are_refused(key: Path) -> None:
    files = {"a.yaml": b"a"}
    for entries in ({"catalog/a.yaml": b"b"}, {}, {"catalog/a.yaml": b"a", "catalog/b.yaml": b"b"}, {"a.yaml": b"a"}):
        assert refused(signed(zipped(entries, manifest_of(files)), key), key) == "damaged"
    assert refused(signed(zipped({"catalog/a.yaml": b"a"}), key), key) == "damaged"
    assert refused(signed(b"no zip at all", key), key) == "damaged"


def test_a_full_disk_leaves_no_half_folder(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, written = Path.write_bytes, []

    def full(self: Path, data: bytes) -> int:
        written.append(self)
        if len(written) > 1:
            raise OSError(28, "No space left on device")
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(PackError) as error:
        trusted(content).unpack(tmp_path / "p")
    assert error.value.code == "disk"
    assert list(tmp_path.iterdir()) == []


def test_a_pack_for_a_newer_program_is_refused() -> None:
    manifest = Manifest(serial=1, version="1", made_at="", files={}, minimum_program="0.10.0")
    with pytest.raises(PackError):
        check_program(manifest, "0.9.3")
    check_program(manifest, "0.10")
    check_program(manifest, "1.0")
    assert version_key("2026.11.1+x.9") == (2026, 11, 1)


def test_a_key_under_a_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    assert content
    monkeypatch.setenv(PASSPHRASE, "mật khẩu")
    private, public = new_keys(tmp_path / "k.pem")
    made = build(FILES, private, version="2", serial=7, made_at="")
    assert open_pack(made, [read_public(public)]).manifest.serial == 7
    monkeypatch.delenv(PASSPHRASE)
    with pytest.raises(PackError):
        read_private(private)
    with pytest.raises(PackError):
        new_keys(private)  # a key is never overwritten
    assert private.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "changed",
    [{"serial": -5}, {"serial": 2**63}, {"version": "../../x"}, {"version": "\x1b[31m"}, {"version": ""}],
)
def test_a_signed_manifest_with_impossible_values_is_refused(key: Path, changed: dict[str, object]) -> None:
    manifest = msgspec.structs.replace(manifest_of({"a": b"x"}), **changed)
    assert refused(signed(zipped({"catalog/a": b"x"}, manifest), key), key) == "damaged"


def test_two_files_that_are_one_on_windows_are_refused(key: Path) -> None:
    files = {"a.yaml": b"x", "A.yaml": b"y"}
    payload = zipped({f"catalog/{path}": data for path, data in files.items()}, manifest_of(files))
    assert refused(signed(payload, key), key) == "damaged"
    with pytest.raises(PackError):
        build(files, key, version="2", serial=7, made_at="2026-11-23T00:00:00Z")


def test_a_version_of_thousands_of_digits_is_compared(key: Path) -> None:
    manifest = msgspec.structs.replace(manifest_of({}), minimum_program="9" * 5000)
    with pytest.raises(PackError) as error:
        check_program(open_pack(signed(zipped({}, manifest), key), [read_public(key)]).manifest)
    assert error.value.code == "program"
