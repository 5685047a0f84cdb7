"""A virtual screen's memory (Xvfb -fbdir, the X Window Dump format, 32 bits a pixel) as PNG."""

from __future__ import annotations

import struct
import zlib

_FIELDS = 25  # of the header, each 4 bytes, most significant first


def png_of_dump(dump: bytes) -> bytes:
    header = struct.unpack_from(f">{_FIELDS}I", dump)
    size, width, height, bits, row, colours = (header[place] for place in (0, 4, 5, 11, 12, 19))
    if bits != 32:
        raise ValueError(f"a screen of {bits} bits a pixel")
    begin = size + 12 * colours
    lines = bytearray()
    for y in range(height):
        line = dump[begin + y * row : begin + y * row + 4 * width]
        pixels = bytearray(3 * width)
        pixels[0::3], pixels[1::3], pixels[2::3] = line[2::4], line[1::4], line[0::4]
        lines += b"\0" + pixels
    return png(width, height, bytes(lines))


def png(width: int, height: int, lines: bytes) -> bytes:
    """``lines``: for each a 0 byte and RGB."""
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines, 6)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def colours_in_dump(dump: bytes) -> int:
    """How many colours it shows: an empty screen has one."""
    header = struct.unpack_from(f">{_FIELDS}I", dump)
    begin = header[0] + 12 * header[19]
    return len(set(struct.unpack_from(f"<{(len(dump) - begin) // 4}I", dump, begin)))
