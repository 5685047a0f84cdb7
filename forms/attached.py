"""Which files a record names. Their contents travel beside the record (``sync.file_step``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from forms.definition import RecordType
from forms.field_definition import Field

LARGEST_FILE = 20 * 1024 * 1024
"""Bytes of one attached file; a 40-page scan at 200 dpi stays below."""
LARGEST_SAID = 1 << 40
"""A size above this is no size: what a record says of a file is not what the file is."""
_KINDS = ("file", "files")


class AttachedFile(Struct, frozen=True):
    """A file as a record names it. ``size`` in bytes, as it was when attached."""

    sha256: str
    name: str
    size: int
    media_type: str


FileFields = tuple[tuple[Field, "FileFields"], ...]
"""Fields in which files may be, of a group with its columns of that kind."""


def file_fields(fields: Iterable[Field]) -> FileFields:
    found = ((f, () if f.type in _KINDS else file_fields(f.fields)) for f in fields)
    return tuple((f, columns) for f, columns in found if f.type in _KINDS or columns)


def files_of(record_type: RecordType, fields: Mapping[str, Any]) -> Iterator[AttachedFile]:
    """Every file the values name, in the order of the form, groups included; what is no file entry is passed over."""
    return files_in(file_fields(record_type.fields), fields)


def files_in(known: FileFields, values: Mapping[str, Any]) -> Iterator[AttachedFile]:
    """``files_of`` for who asks it of many records of a type."""
    for field, columns in known:
        value = values.get(field.name)
        if not value:
            continue
        if field.type == "file":
            yield from _one(value)
        elif field.type == "files" and isinstance(value, list):
            for item in value:
                yield from _one(item)
        elif columns and isinstance(value, list):
            for row in value:
                if isinstance(row, Mapping):
                    yield from files_in(columns, row)


def _one(value: Any) -> Iterator[AttachedFile]:
    if not isinstance(value, Mapping) or not isinstance(sha256 := value.get("sha256"), str) or not sha256:
        return
    size = value.get("size")
    yield AttachedFile(
        sha256,
        str(value.get("name") or ""),
        size if isinstance(size, int) and 0 <= size <= LARGEST_SAID else 0,
        str(value.get("media_type") or "application/octet-stream"),
    )
