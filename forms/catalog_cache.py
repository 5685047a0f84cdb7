"""The compiled catalogue: one MessagePack file, so that start-up does not read YAML.

It holds for exactly the files it was made from (names, sizes, times of change) and for this version of the structs.
Whatever is wrong with it, it is ignored.
"""

from __future__ import annotations

import hashlib
import os
import sys
from functools import partial
from mmap import ACCESS_READ, mmap
from pathlib import Path

import msgspec
from msgspec.structs import replace

from forms import definition, field_definition, flow_definition, office_definition, report_definition
from forms.definition import Catalog, ListView, RecordType
from forms.flow_book import Aims, aims_of, put_aims

FORMAT = 3
_NOT_COMPILED = ("print", "examples.yaml")
_Compiled = tuple[Catalog, dict[str, memoryview], Aims]


def default_cache_folder() -> Path:
    """The account's cache folder: it may be emptied at any time."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "SoPhuong" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "so-phuong"


def fingerprint(folder: Path) -> str:
    """What the catalogue's files are, without reading them."""
    digest = hashlib.blake2b(shape().encode(), digest_size=16)
    digest.update(str(folder.resolve()).encode())
    for name, stat in sorted(compiled_files(str(folder))):
        digest.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def compiled_files(folder: str) -> list[tuple[str, os.stat_result]]:
    """Those a catalogue is made from: neither the templates of printouts nor the examples."""
    found: list[tuple[str, os.stat_result]] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name in _NOT_COMPILED:
                continue
            if entry.name.endswith((".yaml", ".yml")):
                found.append((entry.path, entry.stat()))
            elif entry.is_dir(follow_symlinks=False):
                found += compiled_files(entry.path)
    return found


def shape() -> str:
    """Names of all structs and their fields: a cache of another version of them is of no use."""
    homes = (report_definition, field_definition, flow_definition, office_definition, definition)
    found = {name: value for home in homes for name, value in vars(home).items()}.values()
    structs = [s for s in found if isinstance(s, type) and issubclass(s, msgspec.Struct)]
    names = ";".join(f"{s.__name__}:{','.join(s.__struct_fields__)}" for s in structs)
    return f"{FORMAT};{names}"


def read_cache(cache: Path, key: str) -> Catalog | None:
    """Each record type's larger part is read when it is asked for."""
    try:
        catalog: Catalog
        content = _content(cache / f"catalog-{key}.msgpack")
        catalog, whole, aims = msgspec.msgpack.decode(content, type=_Compiled)
        for record_type in catalog.record_types:
            record_type.put_off(partial(msgspec.msgpack.decode, whole[record_type.id], type=RecordType))
        put_aims(catalog, aims)
    except (OSError, ValueError, RecursionError, LookupError):
        return None
    return catalog


def _content(path: Path) -> bytes | mmap:
    """Mapped, since most of it is never asked for, but not where nobody could delete a mapped file."""
    if sys.platform == "win32":
        return path.read_bytes()
    with path.open("rb") as file:
        return mmap(file.fileno(), 0, access=ACCESS_READ)


def write_cache(cache: Path, key: str, catalog: Catalog) -> None:
    """Written beside and renamed, so that a power cut leaves the old file or the new one; older ones go."""
    import tempfile  # most starts write none

    try:
        cache.mkdir(parents=True, exist_ok=True)
        stale = [path for path in cache.glob("catalog-*.msgpack") if key not in path.name]
        handle, name = tempfile.mkstemp(dir=cache, prefix=".catalog")
        with os.fdopen(handle, "wb") as file:
            file.write(_compiled(catalog))
        Path(name).replace(cache / f"catalog-{key}.msgpack")
        for path in sorted(stale, key=lambda path: path.stat().st_mtime_ns)[:-4]:
            path.unlink(missing_ok=True)
    except OSError:
        return


def _compiled(catalog: Catalog) -> bytes:
    """The catalogue with its record types cut short, and beside it each of them whole."""
    tools = tuple(replace(tool, records=tuple(_cut(one) for one in tool.records)) for tool in catalog.tools)
    whole = {one.id: msgspec.msgpack.encode(one) for one in catalog.record_types}
    return msgspec.msgpack.encode((replace(catalog, tools=tools), whole, aims_of(catalog)))


def _cut(record_type: RecordType) -> RecordType:
    return replace(record_type, sections=(), actions=(), list_view=ListView(()), rules=(), printouts=())
