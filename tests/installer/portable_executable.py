"""The smallest Windows library that asks for others: heads, one section, an import table."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

_BASE = 0x1000  # where the section lies in memory


def library(imports: Mapping[str, Sequence[str]], *, machine: int = 0x8664, system: tuple[int, int] = (6, 0)) -> bytes:
    """A DLL that needs these functions of these libraries."""
    section = _import_section(imports)
    heads = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0"
    heads += struct.pack("<2H3I2H", machine, 1, 0, 0, 0, 240, 0x2022)
    numbers = (0x20B, 14, 0, 0, len(section), 0, 0, _BASE, 0x180000000, 0x1000, 0x200)
    versions = (6, 0, 0, 0, *system)
    heads += struct.pack("<H2B5IQ2I6H", *numbers, *versions)
    heads += struct.pack("<4I2H4Q2I", 0, 0x3000, 0x200, 0, 2, 0, *[0x100000] * 4, 0, 16)
    directories = [(0, 0)] * 16
    directories[1] = (_BASE, 20 * (len(imports) + 1))
    heads += b"".join(struct.pack("<2I", *one) for one in directories)
    heads += struct.pack("<8s6I2HI", b".idata", len(section), _BASE, len(section), 0x200, 0, 0, 0, 0, 0x40000040)
    return heads.ljust(0x200, b"\0") + section.ljust(0x200, b"\0")


def _import_section(imports: Mapping[str, Sequence[str]]) -> bytes:
    """Descriptors, then for each library its name, its functions and the table of them."""
    at = 20 * (len(imports) + 1)
    descriptors, rest = b"", b""
    for name, functions in imports.items():
        places, words = [], b""
        for function in functions:
            places.append(_BASE + at + len(rest) + len(words))
            words += (b"\0\0" + function.encode() + b"\0").ljust(2 * ((len(function) + 4) // 2), b"\0")
        rest += words
        named = _BASE + at + len(rest)
        rest += name.encode() + b"\0"
        rest += bytes(-len(rest) % 8)
        table = _BASE + at + len(rest)
        rest += b"".join(struct.pack("<Q", place) for place in [*places, 0])
        descriptors += struct.pack("<5I", table, 0, 0, named, table)
    return descriptors + bytes(20) + rest
