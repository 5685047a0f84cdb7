"""Pictures of pages: the real window or paper, drawn without a screen, at any size, language, theme and scale."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from PySide6.QtCore import QCoreApplication, QEvent, QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QWidget

from desktop.app import App
from desktop.commands.desk import Desk
from desktop.commands.errors import CommandError, usage_error
from desktop.settings import Settings, load_settings
from desktop.sight import seen_types

if TYPE_CHECKING:
    from desktop.views.main_window import MainWindow
    from sync.protocol import Officer

_QUIET = 0.35  # seconds without background work after which a page counts as drawn; counters pause 0.2 s
_LONGEST = 20.0  # seconds a page may take
_PAGES = (
    "today",
    "ahead",
    "yours",
    "outbox",
    "files",
    "conflicts",
    "duplicates",
    "settings",
    "palette",
    "reports",
    "unlock",
    "sign_in",
    "enrol",
)
_NAMED = ("list", "form", "record", "conflict", "tool", "report", "print", "book")


class Look(Struct, frozen=True):
    """What the picture is to show instead of the profile's own settings; None keeps those."""

    language: str
    theme: str | None = None
    scale: float | None = None

    def over(self, settings: Settings) -> Settings:
        return msgspec.structs.replace(
            settings,
            language=self.language,
            theme=self.theme or settings.theme,
            scale=self.scale or settings.scale,
        )


def application() -> QApplication:
    """The one QApplication of this process."""
    present = QApplication.instance()
    if isinstance(present, QApplication):
        return present
    qInstallMessageHandler(_tell)
    return QApplication(["sophuong"])


def _tell(kind: QtMsgType, context: QMessageLogContext, message: str | None) -> None:
    """Qt's own words go to stderr, but for what it says of a screen that is not there."""
    if message and "propagateSizeHints" not in message and kind != QtMsgType.QtDebugMsg:
        sys.stderr.write(message + "\n")


def take_picture(desk: Desk, page: str, target: Path, size: tuple[int, int], look: Look) -> None:
    """Draw ``page`` and write it as PNG. Raises CommandError for a page that does not exist."""
    kind, _, name = page.partition(":")
    if kind not in (*_PAGES, *_NAMED) or (kind in _NAMED) != bool(name):
        pages = ", ".join([*_PAGES, *(f"{k}:…" for k in _NAMED)])
        raise usage_error(f"Không có trang “{page}”. Có: {pages}.", f"There is no page “{page}”. Pages: {pages}.")
    application()
    if kind in ("unlock", "sign_in", "enrol"):
        _gate_picture(desk, kind, target, size, look)
    elif kind == "print":
        _paper_picture(desk, name, target)
    else:
        _window_picture(desk, page, target, size, look)


def _window_picture(desk: Desk, page: str, target: Path, size: tuple[int, int], look: Look) -> None:
    app = window_app(desk, look, _who_sees(desk, page))
    try:
        window = show_window(app, size)
        visit(window, page)
        wait_until_drawn(app)
        save_picture(window, target)
        _close(window)
    finally:
        app.background.close()


def _who_sees(desk: Desk, page: str) -> Officer:
    """The officer at work; on a shared device where nobody was named, for a register he may not see, one who may."""
    kind, _, name = page.partition(":")
    record = desk.store.records.load(name) if kind in ("record", "conflict") else None
    type_id = record.type if record else name if kind in ("list", "form", "book") else ""
    officers = desk.enrolment.officers
    able = [one for one in (desk.officer, *reversed(officers)) if type_id in seen_types(desk.catalog, one, officers)]
    return able[0] if able and not desk.names_officer else desk.officer


def window_app(desk: Desk, look: Look, officer: Officer | None = None) -> App:
    """The desk's store as the workspace's program object; ``officer``: who is signed in, else who is at work there."""
    app = App(
        desk.store,
        desk.catalog,
        desk.clock,
        folder=desk.folder,
        settings=look.over(load_settings(desk.folder)),
        officer=officer or desk.officer,
    )
    app.dress()
    return app


def show_window(app: App, size: tuple[int, int]) -> MainWindow:
    from desktop.views.main_window import MainWindow

    window = MainWindow(app)
    window.resize(*size)
    window.show()
    wait_until_drawn(app)
    return window


def visit(window: MainWindow, page: str) -> None:
    """Go to a page of the window. Raises CommandError for a type or record that is not there."""
    kind, _, name = page.partition(":")
    app = window.app
    if kind in ("list", "form", "book"):
        try:
            app.catalog.record_type(name)
        except KeyError:
            raise usage_error(f"Không có loại bản ghi “{name}”.", f"There is no record type “{name}”.") from None
        if name not in app.seen:
            raise CommandError(f"Cán bộ không được xem sổ “{name}”.", f"The officer may not see “{name}”.")
    if kind in ("record", "conflict") and app.load(name) is None:
        raise CommandError(f"Không có bản ghi {name} trên máy này.", f"No record {name} on this device.")
    if kind == "tool" and all(tool.id != name for tool in app.catalog.tools):
        raise usage_error(f"Không có công cụ “{name}”.", f"There is no tool “{name}”.")
    if kind == "report" and all(name != f"{tool.id}.{each.id}" for tool in app.catalog.tools for each in tool.reports):
        raise usage_error(f"Không có báo cáo “{name}”.", f"There is no report “{name}”.")
    match kind:
        case "form":
            window.pages.begin(name, {})
        case "palette":
            window.palette_box.open()
        case "record":
            app.open_record(name)
        case _:
            window.pages.go(page)


def wait_until_drawn(app: App) -> None:
    """Let the event loop run until nothing has been under way for a moment."""
    wait_until(lambda: not app.background.busy, quiet=_QUIET)


def wait_until(done: Callable[[], bool], *, quiet: float = 0.0, longest: float = _LONGEST) -> bool:
    """Process events until ``done`` has held for ``quiet`` seconds; False when it took longer than ``longest``."""
    end = time.monotonic() + longest
    since: float | None = None
    while time.monotonic() < end:
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        if not done():
            since = None
        elif since is None:
            since = time.monotonic()
        if since is not None and time.monotonic() - since >= quiet:
            return True
        time.sleep(0.005)
    return False


def save_picture(widget: QWidget, target: Path) -> None:
    if not widget.grab().save(str(target), "PNG"):
        raise CommandError(f"Không ghi được ảnh {target}.", f"Cannot write the picture {target}.")


def _gate_picture(desk: Desk, kind: str, target: Path, size: tuple[int, int], look: Look) -> None:
    """The pages before the workspace, which need no store unlocked (the choice of officer does)."""
    from desktop import theme
    from desktop.language import use_language
    from desktop.views.sign_in import OfferEnrolment, SignIn, Unlock

    settings = look.over(load_settings(desk.folder))
    use_language(settings.language)
    dressed = theme.apply(application(), settings.theme, settings.scale)
    page: QWidget
    if kind == "unlock":
        page = Unlock(dressed)
    elif kind == "enrol":
        page = OfferEnrolment(dressed)
    else:
        page = SignIn(dressed, desk.enrolment.officers, desk.catalog, settings.last_officer)
    page.resize(*size)
    page.show()
    wait_until(lambda: True, quiet=0.1)
    save_picture(page, target)
    _close(page)


def _paper_picture(desk: Desk, name: str, target: Path) -> None:
    """The first page of a printout, as it would leave the printer; not a print, so nothing is logged."""
    from desktop.commands.printing import find_printout, printed_html
    from desktop.forms.printing_qt import Document

    record_id, _, printout_id = name.partition(":")
    record = desk.record(record_id)
    printout = find_printout(desk.catalog.record_type(record.type), printout_id)
    image = Document(printed_html(desk, record, printout, 1), printout).image(0, 1.25)
    if not image.save(str(target)):
        raise CommandError(f"Không ghi được ảnh {target}.", f"Cannot write the picture {target}.")


def _close(widget: QWidget) -> None:
    widget.close()
    wait_until(lambda: True, quiet=0.05)  # what its parts have put off until the next turn of the loop
    widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
