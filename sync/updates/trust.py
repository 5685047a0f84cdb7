"""The Update Framework's client over our sources: which root is trusted, and what it says of a target today.

It refuses what is not signed by enough keys, what is older than what was seen before (also piece by piece), and what has
expired. What is downloaded by its word is fetched and compared by ``fetching.py``, which goes on where a line broke.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sync.protocol import SyncError
from sync.updates.errors import UpdateError
from sync.updates.sources import NotThereError, Source

if TYPE_CHECKING:
    from tuf.api._payload import TargetFile

_PART = 128 * 1024


class Trust:
    """``root``: the root metadata that came with the program; ``folder`` keeps what was seen since. ``refresh`` first."""

    def __init__(self, folder: Path, root: bytes, source: Source) -> None:
        from tuf.ngclient.config import UpdaterConfig
        from tuf.ngclient.fetcher import FetcherInterface
        from tuf.ngclient.updater import Updater

        class Fetcher(FetcherInterface):
            def _fetch(self, url: str) -> Iterator[bytes]:
                return _pieces(source, url)

        class Quiet(Updater):
            def _update_root_symlink(self) -> None:
                """We always begin with the program's own root, and links cannot be made on every disk."""

        folder.mkdir(parents=True, exist_ok=True)
        config = UpdaterConfig(max_root_rotations=64, root_max_length=256_000, targets_max_length=2_000_000)
        with _in_words():
            self._updater: Updater = Quiet(
                str(folder), "metadata/", target_dir=None, fetcher=Fetcher(), config=config, bootstrap=root
            )

    def refresh(self) -> None:
        """Raises UpdateError ("expired", "older", "signature", "damaged", "nothing"), SyncError, OSError."""
        with _in_words():
            self._updater.refresh()

    def target(self, name: str) -> TargetFile | None:
        """What is signed of a target. Raises as ``refresh``."""
        with _in_words():
            return self._updater.get_targetinfo(name)


def _pieces(source: Source, path: str) -> Iterator[bytes]:
    """Never more than the framework lets through: it stops reading where a file grows too long."""
    from tuf.api.exceptions import DownloadHTTPError

    at = 0
    while True:
        try:
            piece = source.part(path, at, _PART)
        except NotThereError as error:
            raise DownloadHTTPError(f"{path} is not there", 404) from error
        if not piece:
            return
        yield piece
        at += len(piece)
        if len(piece) < _PART:
            return


class _in_words:  # noqa: N801 - reads as part of the sentence it stands in
    """Foreign errors become ours."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from tuf.api import exceptions as tuf
        from tuf.api.serialization import DeserializationError

        if isinstance(error, tuf.DownloadError):
            foreign = _foreign(error)
            if foreign is not None:
                raise foreign from error
            if isinstance(error, tuf.DownloadLengthMismatchError):
                raise _not_sound("damaged") from error
            raise UpdateError("nothing", "Nơi này chưa có bản mới nào.", "There are no updates here.") from error
        if isinstance(error, tuf.ExpiredMetadataError):
            raise _not_sound("expired") from error
        if isinstance(error, tuf.BadVersionNumberError):
            raise _not_sound("older") from error
        if isinstance(error, tuf.UnsignedMetadataError):
            raise _not_sound("signature") from error
        if isinstance(error, tuf.RepositoryError | DeserializationError | ValueError):
            raise _not_sound("damaged") from error


def _foreign(error: BaseException) -> SyncError | OSError | None:
    """What ended a download, behind the framework's own error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, SyncError | OSError):
            return cause
        cause = cause.__cause__
    return None


_WORDS = {
    "expired": (
        "Danh mục bản mới đã quá hạn; máy này giữ bản đang dùng. Xem lại ngày giờ của máy, rồi báo bộ phận CNTT.",
        "The list of updates has expired; this PC keeps its version. Check the PC's date, then tell IT support.",
    ),
    "older": (
        "Danh mục bản mới ở đây cũ hơn cái máy này đã biết; không dùng.",
        "The list of updates here is older than what this PC has seen; it is not used.",
    ),
    "signature": (
        "Bản mới không có đủ chữ ký của thành phố; không dùng. Báo bộ phận CNTT.",
        "The update lacks the city's signatures; it is not used. Tell IT support.",
    ),
    "damaged": (
        "Danh mục bản mới không nguyên vẹn; không dùng, sẽ thử lại.",
        "The list of updates is not whole; it is not used and will be tried again.",
    ),
}


def _not_sound(code: str) -> UpdateError:
    return UpdateError(code, *_WORDS[code])
