"""What one sync did."""

from __future__ import annotations

from msgspec import Struct

from forms.label import Label
from sync.store.filling import FillProgress


class SyncReport(Struct, kw_only=True):
    """What one sync did. ``refused`` and ``conflicts`` count changes of this sync; ``repaired`` records pulled again
    because the digests differed; ``problems`` are sentences about what went wrong beside the way."""

    pushed: int = 0
    pulled: int = 0
    conflicts: int = 0
    refused: int = 0
    repaired: int = 0
    numbered: int = 0
    seconds: float = 0.0
    push_seconds: float = 0.0
    pull_seconds: float = 0.0
    bytes_sent: int = 0
    bytes_received: int = 0
    problems: list[Label] = []
    answered: bool = False  # the city has, in this sync, and the line was not lost since
    fill: FillProgress | None = None  # how far the first fill of this PC has come; None: there is none under way
    more: bool = False  # a sparing sync left some for later
    files_sent: int = 0
    files_fetched: int = 0
    files_left: bool = False  # the time was over, or a record waited: a sync soon goes on with the files
    pack: str = ""  # version of a pack that was taken: it is worked with from the next opening on
