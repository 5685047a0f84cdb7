"""What is drawn: a form of the real window as a picture, a paper as PDF, and the QR code on that paper read back."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.commands.desk import Desk
from desktop.commands.display import has_display
from desktop.commands.printing import printed_html
from desktop.commands.sample import Samples
from desktop.selftest.bench import Bench, Done, Skipped, Trouble, done
from desktop.selftest.store_steps import PERSON, take_in
from forms.definition import Printout, RecordType

if TYPE_CHECKING:
    from PySide6.QtGui import QFont, QImage

    from desktop.forms.printing_qt import Document
    from sync.store.model import Record

SIZE = (1024, 768)
SCAN_DPI = 200  # of an office's scanner as it is set when it comes
TRIED = 12  # invented records, until one has a code on its paper


def form(bench: Bench) -> Done:
    """A new person's form in the real window, which stays off the screen; and every Vietnamese letter."""
    desk = bench.desk
    begin_drawing()
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QGuiApplication, QImage

    from desktop.screens import Look, save_picture, visit, wait_until_drawn, window_app
    from desktop.views.main_window import MainWindow

    app = window_app(desk, Look(bench.language, "light", 1.0))
    target = bench.folder / "form.png"
    try:
        window = MainWindow(app)
        window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        window.resize(*SIZE)
        window.show()
        visit(window, f"form:{PERSON}")
        wait_until_drawn(app)
        save_picture(window, target)
        styled = QImage(str(target)).pixelColor(4, 4) == app.look.colour("header")
        ui = app.look.font()
        window.close()
        window.deleteLater()
    finally:
        app.background.close()
    figures = {"picture_bytes": target.stat().st_size, "platform": QGuiApplication.platformName(), "opengl": _opengl()}
    if not styled:
        raise Trouble("no_style", figures)
    return _letters(ui, figures)


def begin_drawing() -> None:
    """Qt, on the screen that is there, else without one."""
    if not has_display():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from desktop.screens import application

    application()


def _letters(ui: QFont, figures: dict[str, Any]) -> Done:
    from PySide6.QtGui import QFont

    from desktop.forms.printing_qt import SERIF
    from desktop.selftest.letters import ALPHABET, PAPER_SIGNS, SIGNS, fonts_used, undrawn
    from desktop.theme import FAMILIES

    serif = QFont()
    serif.setFamilies(list(SERIF))
    for name, font, wanted, signs in (("screen", ui, FAMILIES, SIGNS), ("paper", serif, SERIF, PAPER_SIGNS)):
        used = fonts_used(font, ALPHABET)
        figures[f"{name}_fonts"] = sorted(used)
        missing = undrawn(font, ALPHABET) or used.get("", "")
        missing += "".join(sign for sign in signs if "" in fonts_used(font, sign))
        if missing:
            raise Trouble("no_letters", figures, letters=" ".join(missing), font=", ".join(sorted(used)))
        if len(used) > 1:
            raise Trouble("mixed_fonts", figures, fonts=", ".join(f"{k} ({v})" for k, v in sorted(used.items())))
        if not used.keys() <= set(wanted):
            raise Trouble("other_font", figures, font=next(iter(used)), wanted=", ".join(wanted))
    return done("form", figures, font=figures["screen_fonts"][0], paper=figures["paper_fonts"][0])


def paper(bench: Bench) -> Done:
    """The first paper of the catalogue that carries a QR code, of an invented record, as PDF with its fonts inside."""
    desk = bench.desk
    found = _coded_paper(desk)
    if found is None:
        raise Skipped("no_coded_paper")
    record_type, printout = found
    record, html = _record_with_code(desk, record_type, printout)
    begin_drawing()
    from desktop.forms.printing_qt import Document, write_pdf

    target = bench.folder / "paper.pdf"
    write_pdf(html, target, printout)
    content = target.read_bytes()
    document = Document(html, printout)
    figures = {"bytes": len(content), "pages": document.pages, "fonts_inside": content.count(b"/FontFile")}
    if not figures["fonts_inside"]:
        raise Trouble("no_fonts_inside", figures)
    _scan(document).save(str(bench.folder / "paper.png"))
    bench.paper = target
    bench.on_paper = {str(value) for value in (record.number, *record.fields.values()) if value}
    return done("paper", figures, name=printout.label.get(bench.language))


def code(bench: Bench) -> Done:
    """Read back from the PDF, and from the page as a scanner sees it."""
    if bench.paper is None:
        raise Skipped("no_paper")
    from desktop.code_reader import PictureUnreadable, card_text

    for path in (bench.paper, bench.paper.with_suffix(".png")):
        try:
            text = card_text(path)
        except PictureUnreadable as error:
            raise Trouble("no_code", reason=str(error)) from error
        if text not in bench.on_paper:
            raise Trouble("other_code", text=text)
    return done("code", text=text)


def _coded_paper(desk: Desk) -> tuple[RecordType, Printout] | None:
    catalog = desk.catalog
    for tool in catalog.tools:
        folder = Path(catalog.folder) / tool.id / "print"
        coded = {path.name for path in folder.glob("*.html") if "qr(" in path.read_text("utf-8")}
        for record_type in (catalog.record_type(record.id) for record in tool.records if coded):
            for printout in record_type.printouts:
                if printout.over == "record" and printout.template in coded:
                    return record_type, printout
    return None


def _record_with_code(desk: Desk, record_type: RecordType, printout: Printout) -> tuple[Record, str]:
    """Raises Trouble when no invented record has one on its paper."""
    take_in(desk, record_type, Samples(desk, desk.clock.now(), "paper").records(record_type, TRIED))
    for record in desk.store.records.each(record_type.id):
        if printout.is_for_state(record.state):
            html = printed_html(desk, record, printout, 1)
            if "<img" in html:
                return record, html
    raise Trouble("no_code_on_paper", name=printout.label.vi)


def _scan(document: Document) -> QImage:
    """The first page as a scanner gives it: grey, and not quite straight."""
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage, QTransform

    page = document.image(0, SCAN_DPI / 96)
    turned = page.transformed(QTransform().rotate(1.2), Qt.TransformationMode.SmoothTransformation)
    return turned.convertToFormat(QImage.Format.Format_Grayscale8)


def _opengl() -> bool:
    """Whether a driver of OpenGL was brought in to draw: on a PC without a graphics card none must be needed. On Windows
    that is Qt's own in software (the system's opengl32.dll comes in with Direct3D, which Qt names and does not use)."""
    if sys.platform == "win32":
        import ctypes

        return bool(ctypes.windll.kernel32.GetModuleHandleW("opengl32sw.dll"))
    maps = Path("/proc/self/maps")
    return maps.exists() and any(name in maps.read_text() for name in ("swrast", "_dri.so", "libgallium"))
