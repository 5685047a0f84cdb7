"""The packs the city gives out: kept in its database, staged by ward; and the definitions the city judges by."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from forms.definition import Catalog, Tool
from forms.loader import load_catalog
from forms.pack import check_program, open_pack
from forms.pack_changes import PackChange, changes, dangers
from forms.pack_format import Manifest, PackError
from forms.renames import catalog_in_first_names
from sync.clock import Clock, moment_text
from sync.gateway.storage import Row, Storage
from sync.pack_patch import make_patch
from sync.protocol import PackOffer

_LOCK = ("", "packs")
LARGEST_PATCH = 256 * 1024  # bytes; it comes in one piece, which a cut line would cost again
_HEAD = "serial, version, sha256, size, wards, percent, added_at"


Mark = tuple[tuple[int, int], int]
"""Changes when a pack was added (the first part) or given to more wards, by whichever process."""
MARK_SQL = "coalesce(max(serial), 0), count(*), coalesce(sum(percent), 0) + coalesce(sum(length(wards)), 0)"


class KeptPack(Struct, frozen=True):
    """A pack in the city's database. ``wards``: who gets it; empty: ``percent`` of all wards."""

    serial: int
    version: str
    sha256: str
    size: int
    wards: tuple[str, ...]
    percent: int
    added_at: str

    def is_for(self, ward: str) -> bool:
        """The same wards for the same pack at every question, and more of them, never others, for a higher share."""
        if self.wards:
            return ward in self.wards
        place = int.from_bytes(hashlib.blake2b(f"{self.serial}:{ward}".encode(), digest_size=4).digest(), "big")
        return place % 100 < self.percent


class Added(Struct, frozen=True):
    pack: KeptPack
    manifest: Manifest
    changes: list[PackChange]


class Packs:
    """``base`` is the catalogue of the program itself, which wards without a pack work with."""

    def __init__(self, storage: Storage, base: Catalog, clock: Clock) -> None:
        self._storage = storage
        self._base = base
        self._clock = clock
        self._all: tuple[Mark | None, list[KeptPack]] = (None, [])  # as they were at that mark
        self._patch: tuple[tuple[str, str], bytes | None] = (("", ""), None)  # as ``_file``
        self._file: tuple[str, bytes] = ("", b"")  # the one that was asked for last: on one morning all ask for one

    def keys(self) -> tuple[str, ...]:
        """The public keys (PEM) the city signs packs with; a PC gets them when it enrols."""
        with self._storage.read() as session:
            row = session.one("SELECT value FROM meta WHERE key = 'pack_keys'")
        return msgspec.json.decode(row[0], type=tuple[str, ...]) if row else ()

    def trust(self, pem: str) -> None:
        keys = dict.fromkeys([*self.keys(), pem])
        with self._storage.write([_LOCK]) as session:
            session.upsert("meta", [("pack_keys", msgspec.json.encode(list(keys)).decode())])

    def add(self, content: bytes, wards: Sequence[str] = (), percent: int = 100, *, force: bool = False) -> Added:
        """Keep a pack and give it to wards; of one that is there, the wards are added to. ``force``: though records of the
        newest pack would not be readable under it. Raises PackError."""
        keys = self.keys()
        if not keys:
            vi = "Thành phố chưa có khóa ký gói: chạy gateway pack trust KHÓA.pub trước."
            raise PackError("key", vi, "The city has no key for packs yet: run gateway pack trust KEY.pub first.")
        pack = open_pack(content, keys)
        manifest = pack.manifest
        check_program(manifest)
        known = next((k for k in self.all() if k.sha256 == pack.sha256), None)
        if known is not None:
            return Added(self._widened(known, wards, percent), manifest, [])
        before = self.catalog()
        self._check_newer(manifest)
        with tempfile.TemporaryDirectory(prefix="sophuong-pack-") as place:
            pack.unpack(Path(place) / "catalog")
            catalog = load_catalog(Path(place) / "catalog", cache=Path(place))
            compiled = _compiled(catalog)
        if not force and (wrong := dangers(before, catalog)):
            raise PackError("definitions", "; ".join(w.vi for w in wrong), "; ".join(w.en for w in wrong))
        kept = KeptPack(
            manifest.serial, manifest.version, pack.sha256, len(content), tuple(wards), percent,
            moment_text(self._clock.now()),
        )  # fmt: skip
        with self._storage.write([_LOCK]) as session:
            session.insert("packs", [(*_row(kept), content, compiled)])
        return Added(kept, manifest, changes(before, catalog))

    def _check_newer(self, manifest: Manifest) -> None:
        for kept in self.all():
            if manifest.version == kept.version:
                vi = f"Phiên bản {kept.version} đã có với nội dung khác; đặt phiên bản khác (--version)."
                raise PackError("exists", vi, f"Version {kept.version} is there with another content; use --version.")
            if manifest.serial <= kept.serial:
                vi = f"Gói này cũ hơn gói {kept.version} đã có; dựng lại gói để có số thứ tự mới."
                raise PackError(
                    "older", vi, f"This pack is older than {kept.version}; build it again for a newer serial."
                )

    def _widened(self, kept: KeptPack, wards: Sequence[str], percent: int) -> KeptPack:
        """Wards are only added: a PC that has taken a pack does not give it back."""
        if not wards:
            wide = replace(kept, wards=(), percent=percent if kept.wards else max(kept.percent, percent))
        elif not kept.wards:  # all of some share have it already
            wide = kept
        else:
            wide = replace(kept, wards=tuple(dict.fromkeys([*kept.wards, *wards])))
        text = msgspec.json.encode(wide.wards).decode()
        with self._storage.write([_LOCK]) as session:
            session.run("UPDATE packs SET wards = ?, percent = ? WHERE serial = ?", text, wide.percent, wide.serial)
        return wide

    def all(self) -> list[KeptPack]:
        """The newest first."""
        with self._storage.read() as session:
            rows = session.all(f"SELECT {_HEAD} FROM packs ORDER BY serial DESC")
        return [_kept(row) for row in rows]

    def offered(self, wards: Iterable[str], mark: Mark) -> PackOffer | None:
        """The newest pack that one of a device's wards is to have. ``mark``: the present one."""
        if not mark[0][1]:
            return None
        if self._all[0] != mark:
            self._all = (mark, self.all())
        wards = tuple(wards)
        kept = next((k for k in self._all[1] if any(k.is_for(ward) for ward in wards)), None)
        return PackOffer(serial=kept.serial, version=kept.version, sha256=kept.sha256, size=kept.size) if kept else None

    def size(self, sha256: str) -> int | None:
        if self._file[0] == sha256:
            return len(self._file[1])
        rows = self._storage.once("SELECT size FROM packs WHERE sha256 = ?", sha256)
        return int(rows[0][0]) if rows else None

    def part(self, sha256: str, start: int, length: int) -> bytes:
        """Bytes of a pack's file from ``start`` on. What has this hash never changes."""
        known, content = self._file
        if known != sha256:
            rows = self._storage.once("SELECT content FROM packs WHERE sha256 = ?", sha256)
            if not rows:
                return b""
            content = bytes(rows[0][0])
            self._file = (sha256, content)
        return content[start : start + length]

    def patch(self, sha256: str, old: str) -> bytes | None:
        """What makes a pack of an older one (``sync.pack_patch``); None where one is not here, or little would be spared."""
        if self._patch[0] != (sha256, old):
            rows = self._storage.once("SELECT sha256, content FROM packs WHERE sha256 = ? OR sha256 = ?", sha256, old)
            contents = {name: bytes(content) for name, content in rows}
            made = make_patch(contents[old], contents[sha256]) if sha256 != old and len(contents) == 2 else None
            if made is not None and len(made) >= min(len(contents[sha256]), LARGEST_PATCH):
                made = None
            self._patch = ((sha256, old), made)
        return self._patch[1]

    def catalog(self) -> Catalog:
        """The newest pack's catalogue, or the program's own."""
        with self._storage.read() as session:
            row = session.one("SELECT compiled, content FROM packs ORDER BY serial DESC LIMIT 1")
        return _loaded(bytes(row[0]), bytes(row[1])) if row else self._base

    def definitions(self) -> Definitions:
        with self._storage.read() as session:
            rows = session.all("SELECT compiled, content FROM packs ORDER BY serial DESC")
        return Definitions([*(_loaded(bytes(c), bytes(p)) for c, p in rows), self._base])


class Definitions:
    """Every catalogue that changes may have been made under. ``catalog``: the newest with what only older ones have;
    ``first``: the same in first names (``forms.renames``), as records stand in the database."""

    def __init__(self, catalogs: Sequence[Catalog]) -> None:
        """The newest first."""
        self.catalog = catalogs[0]
        for older in catalogs[1:]:
            self.catalog = _with_types_of(self.catalog, older)
        self.first = catalog_in_first_names(self.catalog)
        # one catalogue: every change is judged under it, whatever version it names
        # (of two with one version, the program's and a pack of it, the newer one knows what either may write)
        several = catalogs if len(catalogs) > 1 else ()
        self.by_version = {c.version: catalog_in_first_names(c) for c in reversed(several)}


def _with_types_of(newest: Catalog, older: Catalog) -> Catalog:
    """What the newest pack no longer has stays known to the city: PCs may still send records of it."""
    known = {tool.id: tool for tool in newest.tools}
    for tool in older.tools:
        mine = known.get(tool.id)
        missing = tuple(record for record in tool.records if not newest.knows(record.id))
        if mine is None:
            known[tool.id] = tool
        elif missing:
            known[tool.id] = replace(mine, records=(*mine.records, *missing))
    tools: tuple[Tool, ...] = tuple(known.values())
    lists = {name: older.choices[name] for name in older.choices if name not in newest.choices}
    same = tools == newest.tools and not lists
    return newest if same else replace(newest, tools=tools, choices={**newest.choices, **lists})


def _kept(row: Row) -> KeptPack:
    serial, version, sha256, size, wards, percent, added_at = row
    return KeptPack(serial, version, sha256, size, msgspec.json.decode(wards, type=tuple[str, ...]), percent, added_at)


def _row(kept: KeptPack) -> tuple[object, ...]:
    wards = msgspec.json.encode(kept.wards).decode()
    return (kept.serial, kept.version, kept.sha256, kept.size, wards, kept.percent, kept.added_at)


def _compiled(catalog: Catalog) -> bytes:
    for record_type in catalog.record_types:
        _ = record_type.sections
    return msgspec.msgpack.encode(replace(catalog, folder=""))


def _loaded(compiled: bytes, content: bytes) -> Catalog:
    """Compiled by this version of the program, else made anew from the pack, which was checked when it was added."""
    try:
        return msgspec.msgpack.decode(compiled, type=Catalog)
    except msgspec.MsgspecError:
        from forms.pack import trusted

        with tempfile.TemporaryDirectory(prefix="sophuong-pack-") as place:
            trusted(content).unpack(Path(place) / "catalog")
            return load_catalog(Path(place) / "catalog", cache=Path(place))
