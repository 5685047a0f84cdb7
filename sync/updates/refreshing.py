"""The timestamp signed anew: what the gateway's operator does with the one key that is not kept away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from securesystemslib.signer._crypto_signer import CryptoSigner


def refresh_timestamp(folder: Path, signers: Sequence[CryptoSigner], now: datetime | None = None) -> datetime:
    """Until when it holds now. Raises UpdateError: no repository, or not its timestamp key."""
    from sync.updates.repository import Repository

    return Repository(folder, now).refresh(signers)
