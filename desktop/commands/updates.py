"""``update``: which version runs and which one waits; looks for a new one, at the city or on a USB stick."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.commands.desk import Desk
from desktop.commands.errors import CommandError
from desktop.commands.parser import Parser
from desktop.version import VERSION

if TYPE_CHECKING:
    from sync.updates.installation import Installation


def arguments(parser: Parser, verb: str) -> None:
    say = parser.say
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--check",
        action="store_true",
        help=say("hỏi và nhận từ thành phố (mặc định)", "ask and take from the city (default)"),
    )
    which.add_argument(
        "--from",
        dest="source",
        metavar=say("THƯ_MỤC", "DIR"),
        help=say("nhận từ USB hoặc thư mục", "take from a stick or folder"),
    )
    which.add_argument(
        "--status", action="store_true", help=say("chỉ cho biết tình trạng", "only tell how things stand")
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    from sync.updates.installation import Installation

    here = Installation.here(VERSION)
    if given.status:
        return _tell(desk, here)
    if here is None:
        raise CommandError(
            "Chương trình này không chạy từ bộ cài nên không tự nhận bản mới; cập nhật theo cách đã cài.",
            "This program does not run from its package, so it takes no updates; update it the way it was installed.",
        )
    from sync.updates.taking import Taking

    taking = Taking(here, desk.clock)
    if given.source:
        taking.from_folder(Path(given.source))
    else:
        from desktop.settings import load_settings
        from desktop.update_sources import ways

        settings = load_settings(desk.folder)
        with ways(desk.store, desk.folder, settings, desk.language) as (ask, sources):
            taking.offered(ask, sources, settings.ring)
    return _tell(desk, here)


def _tell(desk: Desk, here: Installation | None) -> int:
    from sync.updates.installation import read_state
    from sync.updates.model import version_key
    from sync.updates.standing import waiting

    waits = waiting(here) if here else ""
    state = read_state(here.versions) if here else None
    answer: dict[str, Any] = {"version": VERSION, "packaged": here is not None, "waiting": waits}
    if state is not None:
        answer |= {"checked_at": state.checked_at, "refused": state.refused, "fell_back": state.fell_back}
        answer["trouble"] = (
            {"code": state.trouble_code, "message": desk.label(state.trouble)} if state.trouble else None
        )
    if desk.as_json:
        desk.put_json(answer)
    desk.say(f"Đang dùng bản {VERSION}.", f"Version {VERSION} is in use.")
    if waits:
        desk.say(f"Bản {waits} sẽ dùng từ lần mở sau.", f"Version {waits} is used from the next start on.")
    elif here is not None:
        desk.say("Không có bản mới nào đang chờ.", "No new version waits.")
    if state is not None and state.checked_at:
        desk.say(f"Hỏi bản mới lần cuối: {state.checked_at}.", f"Last asked for a new version: {state.checked_at}.")
    if state is not None and state.trouble:
        desk.say(f"Lần ấy chưa được: {state.trouble.vi}", f"It brought nothing: {state.trouble.en}")
    for version in state.refused if state else ():
        if version_key(version) <= version_key(VERSION):
            continue  # a newer one is at work since
        desk.say(
            f"Bản {version} không khởi động được nên không dùng.", f"Version {version} did not come up and is not used."
        )
    return 0
