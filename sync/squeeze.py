"""zstd on the line: with the dictionary that knows what records and messages look like, so that small ones become small too.

A dictionary never changes once programs with it are out: ``resources/data/line-<n>.zdict`` belongs to the form ``line<n>``
(``sync.line_form``), and a city keeps all of them. ``python -m sync.line_dictionary`` trains a new one.
"""

from __future__ import annotations

import threading
from functools import cache

import zstandard

from resources import data_file

VERSION = 1
LINE_FORM = f"application/x-line{VERSION}"
_MAGIC = b"\x28\xb5\x2f\xfd"  # of every zstd frame; left out, since the media type says what this is
_SMALL, _SMALL_LEVEL = 4096, 19
_PIECE = 1024 * 1024
_LARGEST_WINDOW = 64 * 1024 * 1024
_own = threading.local()  # contexts are costly to make and not for two threads at once


@cache
def _dictionary() -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(data_file("data", f"line-{VERSION}.zdict").read_bytes())


@cache
def _digested(level: int) -> zstandard.ZstdCompressionDict:
    """The dictionary made ready for a level, once for all threads: 4 ms, and each sync begins a thread of its own."""
    dictionary = zstandard.ZstdCompressionDict(_dictionary().as_bytes())
    dictionary.precompute_compress(level=level)
    return dictionary


def squeeze(content: bytes, level: int) -> bytes:
    """A zstd frame with the dictionary, without its magic number. ``level``: of zstd; small content is worth its highest."""
    level = _SMALL_LEVEL if len(content) <= _SMALL else level
    known: dict[int, zstandard.ZstdCompressor] = _own.__dict__.setdefault("compressors", {})
    if level not in known:
        known[level] = zstandard.ZstdCompressor(level=level, dict_data=_digested(level), write_dict_id=False)
    return known[level].compress(content)[len(_MAGIC) :]


def unsqueeze(data: bytes, largest: int) -> bytes | None:
    """The content; None where it is larger than ``largest`` bytes, of which no more are ever in memory. Raises ValueError."""
    if not hasattr(_own, "decompressor"):
        _own.decompressor = zstandard.ZstdDecompressor(dict_data=_dictionary(), max_window_size=_LARGEST_WINDOW)
    try:
        with _own.decompressor.stream_reader(_MAGIC + data) as reader:
            content: bytes = reader.read(min(largest + 1, _PIECE))  # mostly all, and room for the rest is costly
            if len(content) == _PIECE:
                content += reader.read(largest + 1 - _PIECE)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error
    return None if len(content) > largest else content
