"""The line: one invented record to the city and back, and whether a newer version waits."""

from __future__ import annotations

from typing import Any

from desktop.commands.enrolment import enrol_desk
from desktop.commands.errors import one_line
from desktop.commands.sample import Samples
from desktop.commands.syncing import sync_now
from desktop.line_settings import CA_FILE, line_settings
from desktop.selftest.bench import Bench, Done, Skipped, Trouble, done
from desktop.selftest.store_steps import PERSON, take_in
from desktop.settings import load_settings, save_settings
from desktop.version import VERSION
from sync.protocol import SyncError

DEVICE = "selftest"


def city(bench: Bench) -> Done:
    """With a code: a throwaway device sends one record and reads it back. Without: whether the city answers."""
    if not bench.url:
        raise Skipped("no_address")
    return _there_and_back(bench) if bench.code else _answers(bench)


def updates(bench: Bench) -> Done:
    """Asks the city for a newer version with the throwaway device's token, as the program does by itself. Takes nothing."""
    desk = bench.line_desk
    if desk is None:
        raise Skipped("no_updates")
    from desktop.update_sources import ways
    from sync.updates.model import platform_name

    told = {"platform": platform_name(), "version": VERSION, "ring": "", "failed": "", "waiting": ""}
    try:
        with ways(desk.store, desk.folder, load_settings(desk.folder), bench.language) as (ask, _sources):
            offer = ask(told)
    except SyncError as error:
        raise _trouble(bench, error) from error
    figures = {"offered": offer.version, "running": VERSION}
    return done("update_waits" if offer.version else "update_none", figures, version=offer.version, running=VERSION)


def _answers(bench: Bench) -> Done:
    """Through the proxy and with the certificate authority of this PC's own profile."""
    from sync.http_line import Line

    line = Line(bench.url, "", "vi", None, line_settings(bench.profile, load_settings(bench.profile)))
    try:
        answer = line.ask("GET", "/healthz", None, dict[str, Any])
    except SyncError as error:
        raise _trouble(bench, error) from error
    finally:
        line.close()
    return done("city_answers", {"pack": answer.get("pack", "")}, url=bench.url)


def _there_and_back(bench: Bench) -> Done:
    desk = bench.new_desk("Đồng bộ thử")
    desk.folder.mkdir(parents=True)
    authority = bench.profile / CA_FILE
    save_settings(desk.folder, load_settings(bench.profile))
    try:
        answer = enrol_desk(desk, bench.url, bench.code, DEVICE, authority if authority.exists() else None)
    except SyncError as error:
        raise _trouble(bench, error) from error
    record_type = desk.record_type(PERSON)
    take_in(desk, record_type, Samples(desk, bench.clock.now(), answer.device).records(record_type, 1))
    (sent,) = desk.store.records.each(record_type.id)
    first, broke_off = sync_now(desk.store, desk.enrolment, bench.language, desk.folder)
    if broke_off is not None:
        raise _trouble(bench, broke_off)
    if first.refused or not first.pushed:
        raise Trouble("push_refused", reason="; ".join(problem.get(bench.language) for problem in first.problems))
    desk.store.changes.reset_cursor(desk.enrolment.ward, record_type.scope)
    second, broke_off = sync_now(desk.store, desk.enrolment, bench.language, desk.folder)
    if broke_off is not None:
        raise _trouble(bench, broke_off)
    back = desk.store.records.load(sent.id)
    if back is None or not back.revision or back.fields != sent.fields or not second.pulled:
        raise Trouble("not_back")
    bench.line_desk = desk
    figures = {
        "pushed": first.pushed,
        "pulled": second.pulled,
        "seconds": round(first.seconds + second.seconds, 3),
        "bytes_sent": first.bytes_sent + second.bytes_sent,
        "bytes_received": first.bytes_received + second.bytes_received,
    }
    return done("synced", figures, url=bench.url)


def _trouble(bench: Bench, error: SyncError) -> Trouble:
    return Trouble("no_city", url=bench.url, reason=one_line(error, bench.language)[0])
