"""What makes one pack out of another: zstd with the old pack as its dictionary. Packs are zipped file by file, so that what
did not change is the same bytes in both; a changed form costs some 30 KB in place of 900."""

from __future__ import annotations

import zstandard

_LARGEST_WINDOW = 27  # log2 of bytes
_LEVEL = 12


def make_patch(old: bytes, new: bytes) -> bytes:
    window = min(_LARGEST_WINDOW, max(10, (len(old) + len(new)).bit_length()))
    how = zstandard.ZstdCompressionParameters.from_level(_LEVEL, window_log=window, enable_ldm=True)
    return zstandard.ZstdCompressor(dict_data=_dictionary(old), compression_params=how).compress(new)


def apply_patch(old: bytes, patch: bytes, size: int) -> bytes | None:
    """The new pack, which the caller compares; None when the patch is none, or says another size than it should."""
    try:
        reader = zstandard.ZstdDecompressor(dict_data=_dictionary(old), max_window_size=1 << _LARGEST_WINDOW)
        with reader.stream_reader(patch) as plain:
            new = plain.read(size + 1)
    except zstandard.ZstdError:
        return None
    return new if len(new) == size else None


def _dictionary(content: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
