"""The shipped catalogue as packages carry it: compiled when the package is built, so that not even a first start reads YAML.

``python -m forms.shipped_catalog DIR`` writes it (``installer`` puts DIR into the package as ``forms/compiled``). Its name
holds what it was made from, which becomes the catalogue's mark: the same on every PC with this version. The definitions
themselves, which only the making and checking of tools reads, lie beside it packed. A checkout has neither: it compiles for
itself, as its files change.
"""

from __future__ import annotations

import sys
from functools import cache
from hashlib import blake2b
from pathlib import Path

from msgspec.structs import force_setattr

from forms.catalog_cache import compiled_files, read_cache, shape, write_cache
from forms.definition import Catalog

FOLDER = Path(__file__).parent / "compiled"
PACKED = "definitions.zip"
_TIME = (1980, 1, 1, 0, 0, 0)  # the same files give the same archive


def read_shipped(folder: Path, compiled: Path = FOLDER) -> Catalog | None:
    """The catalogue of ``folder`` as compiled with the package; None where there is none or it cannot be read."""
    try:
        names = sorted(path.name for path in compiled.glob("catalog-*.msgpack"))
    except OSError:
        return None
    for name in names:
        key = name.removeprefix("catalog-").removesuffix(".msgpack")
        catalog = read_cache(compiled, key)
        if catalog is not None:
            force_setattr(catalog, "folder", str(folder))
            catalog.put_mark(key)
            return catalog
    return None


@cache
def unpacked(folder: Path, compiled: Path = FOLDER) -> Path:
    """The shipped catalogue with its definitions, in a folder that goes when the program ends; ``folder`` has the rest of
    it, templates and examples. Raises OSError where nothing was packed."""
    import atexit  # not at a start
    import shutil
    import tempfile
    import zipfile

    place = Path(tempfile.mkdtemp(prefix="so-phuong-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    whole = place / folder.name
    shutil.copytree(folder, whole)
    with zipfile.ZipFile(compiled / PACKED) as archive:
        archive.extractall(whole)
    return whole


def write_shipped(folder: Path, compiled: Path) -> None:
    """The same bytes for the same files, wherever they lie."""
    import zipfile

    from forms.loader import compile_catalog

    digest = blake2b(shape().encode(), digest_size=16)
    files = {Path(name).relative_to(folder).as_posix(): Path(name) for name, _ in compiled_files(str(folder))}
    compiled.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(compiled / PACKED, "w") as archive:
        for name, path in sorted(files.items()):
            content = path.read_bytes()
            digest.update(f"{name}\0".encode() + blake2b(content).digest())
            archive.writestr(zipfile.ZipInfo(name, _TIME), content, zipfile.ZIP_DEFLATED, 9)
    catalog = compile_catalog(folder)
    force_setattr(catalog, "folder", "")
    write_cache(compiled, digest.hexdigest(), catalog)


if __name__ == "__main__":
    from forms.loader import DEFAULT_FOLDER

    write_shipped(DEFAULT_FOLDER, Path(sys.argv[1]))
