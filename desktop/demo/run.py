"""The demo as a whole: prepare the ward once, then show it in a window or walk through its first morning."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as dawn
from pathlib import Path

import msgspec
from msgspec import structs

from desktop.commands.desk import Desk
from desktop.commands.errors import CommandError
from desktop.demo.city import DemoCity
from desktop.demo.people import OFFICERS
from desktop.demo.summary import Summary, summarise
from desktop.demo.ward import SampleWard, enrol_officers, make_conflict, sync
from sync.clock import HANOI, Clock, SystemClock

_MARK = "demo.json"  # tells that the folder is a demo's, and complete
_PASSPHRASE = "phường mẫu"  # noqa: S105 - everything behind it is invented
_SETTLED = 20.0  # seconds the services may take for the whole year


@contextmanager
def sample_ward(desk: Desk, folder: Path, *, fresh: bool = False) -> Iterator[tuple[DemoCity, Desk, SampleWard]]:
    """The city running and counter 1 of the sample ward, made at the first time and reused later."""
    complete = (folder / _MARK).exists()
    if folder.exists() and any(folder.iterdir()) and not complete and not (folder / "city").exists():
        raise CommandError(
            f"{folder} không phải thư mục của bản chạy thử; chọn thư mục khác bằng --profile.",
            f"{folder} is not a demo's folder; name another one with --profile.",
        )
    if fresh or not complete:
        shutil.rmtree(folder, ignore_errors=True)
        complete = False
    with (
        DemoCity(folder / "city", desk.catalog, desk.clock) as city,
        _counter(desk, folder / "quay-1") as first,
        _counter(desk, folder / "quay-2") as second,
    ):
        ward = SampleWard(first, city)
        if complete:
            for counter in (first, second):
                counter.store.set_enrolment(structs.replace(counter.enrolment, url=city.url))
            ward.remember()
        else:
            enrol_officers(first, city, OFFICERS, "Quầy 1")
            ward.fill()
            make_conflict(first, city, second)
            ward.online_applications()
            _settle(first, city)
            (folder / _MARK).write_bytes(msgspec.json.encode({"pack": desk.catalog.version}))
        second.close()
        yield city, first, ward


def _counter(desk: Desk, folder: Path) -> Desk:
    return Desk(folder, language=desk.language, clock=desk.clock, passphrase=desk.passphrase or _PASSPHRASE)


def _settle(desk: Desk, city: DemoCity) -> None:
    """Wait for the services' answers, then bring them here."""
    end = time.monotonic() + _SETTLED
    while time.monotonic() < end and any(d["status"] in ("waiting", "sent") for d in city.deliveries()):
        time.sleep(0.3)
    sync(desk)


def show_window(desk: Desk, folder: Path, *, fresh: bool) -> int:
    """The workspace on the sample ward until its window is closed."""
    from desktop.rehearsal import Rehearsal
    from desktop.start import open_workspace

    with sample_ward(desk, folder, fresh=fresh) as (city, counter, _ward):
        counter.close()
        line = Rehearsal(city.cut_line, city.restore_line)
        return open_workspace(counter.folder, passphrase=counter.passphrase, clock=desk.clock, rehearsal=line)


def show_headless(desk: Desk, folder: Path | None, pictures: Path) -> int:
    """The first morning: pictures, papers and ``summary.json`` in ``pictures``. Exit code 1 when a record was lost."""
    pictures.mkdir(parents=True, exist_ok=True)
    for old in pictures.glob("[0-9][0-9]-*.png"):  # of an earlier walk
        old.unlink()
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="sophuong-demo-") as temporary:
        place = folder or Path(temporary) / "demo"
        began = time.monotonic()
        if not (place / _MARK).exists():
            desk.clock = morning(desk.clock)
        with sample_ward(desk, place) as prepared:
            summary = _walk(prepared, pictures, desk.language)
    answer = {**msgspec.to_builtins(summary), "seconds": round(time.monotonic() - began, 1)}
    (pictures / "summary.json").write_bytes(msgspec.json.format(msgspec.json.encode(answer), indent=2) + b"\n")
    if desk.as_json:
        desk.put_json(answer)
    desk.say(
        f"Làm khi mất mạng: {summary.made_offline}, đã tới thành phố: {summary.at_city}, các hệ thống đã nhận: "
        f"{summary.delivered}, mất: {summary.lost}. Ảnh ở {pictures}.",
        f"Made offline: {summary.made_offline}, at the city: {summary.at_city}, taken by the services: "
        f"{summary.delivered}, lost: {summary.lost}. Pictures in {pictures}.",
    )
    return 1 if summary.lost else 0


def morning(clock: Clock) -> Clock:
    """A clock that shows a working morning: this one's by day, else it starts at 8:30 of the last working day."""
    from forms.calendar import WorkCalendar

    now = clock.now().astimezone(HANOI)
    calendar = WorkCalendar()
    if calendar.is_working_day(now.date()) and 8 <= now.hour < 16:
        return clock
    day = now.date() if now.hour >= 16 else now.date() - timedelta(days=1)
    while not calendar.is_working_day(day):
        day -= timedelta(days=1)
    return SystemClock(datetime.combine(day, dawn(8, 30), HANOI).astimezone(UTC))


def _walk(prepared: tuple[DemoCity, Desk, SampleWard], pictures: Path, language: str) -> Summary:
    from desktop.demo.first_morning import FirstMorning
    from desktop.demo.hand import Hand
    from desktop.screens import Look, application, show_window, window_app

    city, counter, ward = prepared
    application()
    app = window_app(counter, Look(language=language))
    try:
        window = show_window(app, (1024, 768))
        made = FirstMorning(Hand(window, pictures), city, ward, pictures).walk()
        summary = summarise(counter.store, counter.catalog, made, city.records(), city.deliveries())
        window.close()
    finally:
        if app.sync is not None:
            app.sync.stop()
        app.background.close()
    return summary
