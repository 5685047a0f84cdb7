"""Why a new version was not taken."""

from __future__ import annotations

from forms.label import Label


class UpdateError(Exception):
    """The version in use stays, whole. ``code`` is stable: "expired", "older", "signature", "damaged", "nothing", "base",
    "disk", "key", "busy", "input", "stopped", "not_packaged"."""

    def __init__(self, code: str, vi: str, en: str) -> None:
        super().__init__(vi)
        self.code = code
        self.label = Label(vi, en)
