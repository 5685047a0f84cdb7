"""What every run begins with, made once a process: catalogue, packs, an empty store, an empty city."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from forms import loader, pack, pack_keys
from forms.definition import Catalog
from forms.loader import load_catalog
from sync.gateway.city import City
from sync.gateway.city_keys import city_keys
from sync.gateway.wards import WardNames
from sync.store import Store
from tests.simulation.scheduler import MORNING

HERE = Path(__file__).parent
SERVICE = "tthc_hanoi"
SMALL_CITY = HERE / "a_small_city"
KEY = bytes(range(32))
_SECOND = (
    ("residence/citizen.yaml", "      - {name: job,", "      - {name: work, was: job,"),
    ("certification/cert_copy.yaml", "      - {name: place,", "      - {name: shelf, type: text, label: {vi: Kệ, en: Shelf}}\n      - {name: place,"),
)  # fmt: skip
_THIRD = (
    *_SECOND,
    ("onestop/dossier.yaml", "name: note, type", "name: remark, was: note, type"),
    ("onestop/dossier.yaml", "allows: [note]", "allows: [remark]"),
)


@cache
def place() -> Path:
    """A folder of this process, on memory where there is some."""
    shared = Path("/dev/shm")  # noqa: S108 - made private by mkdtemp
    folder = Path(tempfile.mkdtemp(prefix="simulation-", dir=shared if shared.is_dir() else None))
    _at_exit(lambda: shutil.rmtree(folder, ignore_errors=True))
    return folder


def _at_exit(work: Callable[[], object]) -> None:
    import atexit

    atexit.register(work)


class _Moment:
    def now(self):
        return MORNING


@cache
def catalog() -> Catalog:
    made = load_catalog(SMALL_CITY, cache=place())
    for record_type in made.record_types:
        _ = record_type.sections, record_type.actions
    return made


_really_compile = loader.compile_catalog
_compiled: dict[str, Catalog] = {}


def compiled(folder: Path) -> Catalog:
    """The definitions of a folder, read and checked once for each content: PCs unpack the same packs again and again."""
    digest = hashlib.sha256()
    for name, content in sorted(pack.read_files(folder).items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    key = digest.hexdigest()
    if key not in _compiled:
        _compiled[key] = _really_compile(folder)
    return _compiled[key]


@cache
def _keys() -> tuple[Path, str]:
    private, public = pack_keys.new_keys(place() / "city.pem")
    return private, public.read_text("ascii")


@cache
def packs() -> tuple[bytes, ...]:
    """Two packs, each newer than the one before: a field more, fields renamed."""
    return tuple(_pack(number, edits) for number, edits in enumerate((_SECOND, _THIRD), 2))


def _pack(number: int, edits: tuple[tuple[str, str, str], ...]) -> bytes:
    folder = place() / f"catalogue-{number}"
    shutil.copytree(SMALL_CITY, folder)
    for name, old, new in edits:
        path = folder / name
        text = path.read_text("utf-8")
        assert old in text, (name, old)
        path.write_text(text.replace(old, new, 1), "utf-8")
    files = pack.read_files(folder)
    files["catalog.yaml"] = files["catalog.yaml"].replace(b'"2026.1"', f'"2026.{number}"'.encode())
    return pack.build(files, _keys()[0], version=f"2026.{number}", serial=number, made_at="2026-11-20T00:00:00Z")


@cache
def _empty_store() -> Path:
    folder = place() / "store"
    Store.create(folder, KEY, catalog(), _Moment()).close()
    return folder


@cache
def _empty_city() -> Path:
    path = place() / "city.db"
    city = City(f"sqlite:///{path}", catalog(), _Moment())
    city.packs.trust(_keys()[1])
    city.set_services({SERVICE: "http://127.0.0.1:9/"})
    city.hubs._keys()  # the authority over hubs, and what the log is signed with
    city_keys(city.storage)  # for bundles
    city.close()
    return path


def new_store(folder: Path) -> None:
    shutil.copytree(_empty_store(), folder)


def new_city(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_empty_city(), path)


def trust(city: City) -> None:
    city.packs.trust(_keys()[1])
    city.set_services({SERVICE: "http://127.0.0.1:9/"})


@cache
def ward_names() -> dict[str, str]:
    return WardNames()._names


def everything() -> None:
    """Make it all now: a run that does it on the way would roll other dice than the next one."""
    _empty_store(), _empty_city(), packs(), ward_names()
