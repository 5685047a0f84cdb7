"""The one way the gateway says no: a status, a stable code, and a sentence in two languages."""

from __future__ import annotations

import random
from collections.abc import Mapping

from forms.label import Label
from sync.protocol import FieldProblem, Refusal


class RefusedError(Exception):
    """Raised anywhere while a request is served; the answer is ``Refusal`` with this HTTP status."""

    def __init__(
        self,
        status: int,
        code: str,
        vi: str,
        en: str,
        *,
        problems: tuple[FieldProblem, ...] = (),
        retry_after: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(vi)
        self.status = status
        self.code = code
        self.label = Label(vi, en)
        self.problems = problems
        self.retry_after = retry_after  # seconds; 0: not said
        self.headers = dict(headers or {})

    def body(self, language: str) -> Refusal:
        return Refusal(self.code, self.label.get(language), self.problems)


def busy() -> RefusedError:
    vi, en = "Thành phố đang rất bận; máy sẽ tự thử lại.", "The city is very busy; come back in a few seconds."
    return RefusedError(503, "busy", vi, en, retry_after=random.randint(2, 15))  # noqa: S311 - not all at once


def not_granted(vi: str, en: str) -> RefusedError:
    return RefusedError(403, "not_granted", vi, en)


def bad_request(vi: str, en: str, code: str = "bad_request") -> RefusedError:
    return RefusedError(400, code, vi, en)
