"""Where updates of this PC come from: the ward's hubs first, which spare the office's line, then the city."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.line_settings import line_settings
from sync.http_line import Line
from sync.protocol import SyncError
from sync.updates.sources import LineSource, Source
from sync.updates.taking import Ask

if TYPE_CHECKING:
    from desktop.settings import Settings
    from sync.hub.reach import Found
    from sync.protocol import HubTrust
    from sync.store import Store


@contextmanager
def ways(store: Store, folder: Path, settings: Settings, language: str) -> Iterator[tuple[Ask, list[Source]]]:
    """Whom to ask for an offer, and the sources in order. Nothing where this PC is not enrolled: raises SyncError."""
    enrolment = store.enrolment
    if enrolment is None:
        raise SyncError(
            "not_enrolled",
            "Máy này chưa đăng ký với thành phố.",
            english="This PC is not enrolled with the city.",
            retry=False,
        )
    with ExitStack() as lines:

        def opened(url: str, line_settings_: object) -> LineSource:
            line = Line(url, enrolment.token, language, settings=line_settings_)  # type: ignore[arg-type]
            return lines.enter_context(closing(LineSource(line)))

        city = opened(enrolment.url, line_settings(folder, settings))
        hubs = [
            opened(found.url, found.settings(trust)) for found, trust in _hubs(store, enrolment.token, settings.hub)
        ]
        yield lambda told: city.offer(**told), [*hubs, city]


def _hubs(store: Store, token: str, office: str) -> list[tuple[Found, HubTrust]]:
    from sync.hub.choice import trusted
    from sync.hub.reach import Reach, search_network

    trust = trusted(store)
    if trust is None:
        return []

    def answers(trust: HubTrust, place: Found) -> str:
        with closing(Line(place.url, token, "vi", settings=place.settings(trust))) as line:
            try:
                line.send("GET", "/healthz", None, {})
            except SyncError as error:
                return error.code
        return ""

    try:
        return [(found, trust) for found in Reach(store, search_network, answers, office).places(trust, search=True)]
    except (SyncError, OSError):
        return []
