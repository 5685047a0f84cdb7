"""What is looked after once the window stands: the office's settings, the place of the store, backups."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from desktop.backup_timer import BackupTimer
from desktop.line_settings import CA_FILE
from desktop.places import doubts
from desktop.rollout import log_findings, read_rollout
from sync.clock import moment_text

if TYPE_CHECKING:
    from desktop.app import App


def look_after(app: App) -> None:
    """Called once, some seconds after the start."""
    app.backups = BackupTimer(app)
    folder, clock = app.folder, app.clock

    def work() -> list[str]:
        given = read_rollout(folder)
        log_findings(folder, given, moment_text(clock.now()))
        if given.get("ca"):
            bring_authority(folder, given.get("ca"))
        from sync.store.backup import tidy

        tidy(folder)
        return doubts(folder)

    def tell(sentences: list[str]) -> None:
        for sentence in sentences:
            app.notice(sentence, "amber")

    app.background.run(work).then(tell).failed(lambda _error: None)


def bring_authority(folder: Path, source: str) -> bool:
    """Keep a city's certificate authority that IT has changed; whether it was another one. One that cannot be read, or is
    none, changes nothing."""
    import ssl

    from sync.store.safe_files import write_atomically

    kept = folder / CA_FILE
    try:
        content = Path(source).read_bytes()
        if kept.is_file() and kept.read_bytes() == content:
            return False
        ssl.create_default_context(cadata=content.decode("ascii"))
        write_atomically(kept, content)
    except (OSError, ValueError):
        return False
    return True
