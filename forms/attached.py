"""Which files a record names. Their contents travel beside the record (``sync.file_step``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from forms.definition import RecordType
from forms.field_definition import Field

LARGEST_FILE = 20 * 1024 * 1024
"""Bytes of one attached file; a 40-page scan at 200 dpi stays below."""
_KINDS = ("file", "files")


class AttachedFile(Struct, frozen=True):
    """A file as a record names it. ``size`` in bytes, as it was when attached."""

    sha256: str
    name: str
    size: int
    media_type: str


def holds_files(record_type: RecordType) -> bool:
    return any(f.type in _KINDS or any(c.type in _KINDS for c in f.fields) for f in record_type.fields)


def files_of(record_type: RecordType, fields: Mapping[str, Any]) -> Iterator[AttachedFile]:
    """Every file the values name, in the order of the form, groups included; what is no file entry is passed over."""
    return _files(record_type.fields, fields)


def _files(known: Iterable[Field], values: Mapping[str, Any]) -> Iterator[AttachedFile]:
    for field in known:
        value = values.get(field.name)
        if not value:
            continue
        if field.type == "file":
            yield from _one(value)
        elif field.type == "files" and isinstance(value, list):
            for item in value:
                yield from _one(item)
        elif field.type == "group" and isinstance(value, list) and any(c.type in _KINDS for c in field.fields):
            for row in value:
                if isinstance(row, Mapping):
                    yield from _files(field.fields, row)


def _one(value: Any) -> Iterator[AttachedFile]:
    if not isinstance(value, Mapping) or not isinstance(sha256 := value.get("sha256"), str) or not sha256:
        return
    size = value.get("size")
    yield AttachedFile(
        sha256,
        str(value.get("name") or ""),
        size if isinstance(size, int) else 0,
        str(value.get("media_type") or "application/octet-stream"),
    )
