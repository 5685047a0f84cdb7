"""Colours, sizes and the one style sheet built from them.

A :class:`Look` holds what the eye sees: a theme's colours and the scale of text and spacing. Views take every number
from it (``look.px(12)``) and every colour from ``look.colours``; nobody writes a style sheet of his own, so that light,
dark and 150 % hold everywhere. ``docs/visual-language.md`` says why each is as it is.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from string import Template

from msgspec import Struct, structs
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

import resources
from desktop import qt_words
from desktop.language import language

# Distances, in px at 100 %; always through Look.px.
TINY = 4
SMALL = 8
MEDIUM = 12
LARGE = 18
RAIL_WIDTH = 196
HEADER_HEIGHT = 44
STATUS_HEIGHT = 30
ROW_HEIGHT = 34  # of a table
RADIUS_SMALL = 4  # of a button, a field, a tag

# Sizes of text, in px at 100 %. Nothing is under 14: the officers' screens are small and so are their pixels.
TEXT = 14

SIGNS_FAMILY = "So Phuong Signs"
FAMILIES = ("Noto Sans", "Segoe UI", "DejaVu Sans", SIGNS_FAMILY)


class Colours(Struct, frozen=True):
    """Every pair of text and ground that is used together has a contrast of at least 4.5:1."""

    page: str = "#f4f6f8"
    surface: str = "#ffffff"  # cards, fields, the rail
    raised: str = "#ffffff"  # popups
    text: str = "#1c2733"
    quiet: str = "#505f6b"  # second lines, headings of columns
    line: str = "#d8dfe6"
    line_soft: str = "#e8edf1"
    line_field: str = "#7b8d9c"  # 3:1 on white: the border is all that shows where a field is
    header: str = "#123f5c"
    header_text: str = "#ffffff"
    header_quiet: str = "#cfe0ec"
    header_field: str = "#2f5770"
    action: str = "#1b6a9c"
    action_over: str = "#155881"
    action_text: str = "#ffffff"
    link: str = "#134e77"
    chosen: str = "#e1edf6"  # the row one stands on
    hover: str = "#f0f5f9"
    focus: str = "#1b6a9c"
    red: str = "#8f1d16"
    red_ground: str = "#fbe9e7"
    amber: str = "#704000"
    amber_ground: str = "#fdf1dc"
    green: str = "#1d5a21"
    green_ground: str = "#e5f3e6"
    blue: str = "#134e77"
    blue_ground: str = "#e2eef7"
    grey: str = "#44525f"
    grey_ground: str = "#eceff2"


LIGHT = Colours()
DARK = Colours(
    page="#12181e",
    surface="#1a222a",
    raised="#222c36",
    text="#e6ecf1",
    quiet="#a9b7c3",
    line="#33404c",
    line_soft="#28333d",
    line_field="#6b7c8a",
    header="#0d2c41",
    header_text="#ffffff",
    header_quiet="#bcd3e3",
    header_field="#21475f",
    action="#2373a8",
    action_over="#277ab1",
    action_text="#ffffff",
    link="#8cc4ea",
    chosen="#22405a",
    hover="#212d38",
    focus="#6db7e8",
    red="#ffb4ab",
    red_ground="#4b1f1c",
    amber="#f6cd8b",
    amber_ground="#453216",
    green="#a5d9a8",
    green_ground="#1d3b21",
    blue="#a6d2f2",
    blue_ground="#1c3c55",
    grey="#c3ced7",
    grey_ground="#2b3640",
)
THEMES = {"light": LIGHT, "dark": DARK}


class Look(Struct, frozen=True):
    """A theme at a scale."""

    name: str = "light"
    scale: float = 1.0

    @property
    def colours(self) -> Colours:
        return THEMES.get(self.name, LIGHT)

    def px(self, size: float) -> int:
        """A distance or text size in device-independent px at this scale."""
        return round(size * self.scale)

    def colour(self, name: str) -> QColor:
        """The colour called ``name`` in :class:`Colours`."""
        return QColor(getattr(self.colours, name))

    def font(self, size: float = TEXT, *, strong: bool = False) -> QFont:
        font = QFont()
        font.setFamilies(list(FAMILIES))
        font.setPixelSize(self.px(size))
        font.setWeight(QFont.Weight.DemiBold if strong else QFont.Weight.Normal)
        return font


def style_sheet(look: Look) -> str:
    """``resources/style.qss`` with ``$names`` put in: colours by name, ``$px_<n>`` for distances and text sizes."""
    values: dict[str, str] = structs.asdict(look.colours)
    values.update({f"px_{n}": f"{look.px(n)}px" for n in range(61)})
    values["icons"] = (Path(resources.__file__).parent / "icons").as_posix()
    values["theme"] = look.name
    values["families"] = ", ".join(f'"{family}"' for family in FAMILIES)
    folder = Path(resources.__file__).parent
    source = "".join((folder / name).read_text(encoding="utf-8") for name in ("style.qss", "form.qss"))
    return Template(source).substitute(values)


def palette(look: Look) -> QPalette:
    """For what a style sheet does not reach: selections, links, placeholders, disabled text."""
    made = QPalette()
    role = QPalette.ColorRole
    for which, name in (
        (role.Window, "page"),
        (role.WindowText, "text"),
        (role.Base, "surface"),
        (role.AlternateBase, "hover"),
        (role.Text, "text"),
        (role.Button, "surface"),
        (role.ButtonText, "text"),
        (role.ToolTipBase, "raised"),
        (role.ToolTipText, "text"),
        (role.PlaceholderText, "quiet"),
        (role.Highlight, "action"),
        (role.HighlightedText, "action_text"),
        (role.Link, "link"),
        (role.LinkVisited, "link"),
        (role.Accent, "action"),
    ):
        made.setColor(which, look.colour(name))
    for which in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, look.colour("quiet"))
    return made


def styled_application(arguments: list[str]) -> QApplication:
    """Fusion by argument, since ``setStyle`` answers with a QStyle: to wrap one, PySide builds a class that nothing else
    at a start needs."""
    application = QApplication([*arguments, "-style", "fusion"])
    application.setProperty("styled", True)
    return application


@cache
def own_fonts() -> tuple[int, ...]:
    """Brings in the fonts of ``resources/fonts``: not every PC has one with Vietnamese letters. For the process, once."""
    folder = Path(resources.__file__).parent / "fonts"
    return tuple(QFontDatabase.addApplicationFont(str(path)) for path in sorted(folder.glob("*.ttf")))


def apply(application: QApplication, theme: str = "light", scale: float = 1.0) -> Look:
    """Dresses the whole application; returns the look, which ``App.look`` keeps for whoever draws by hand."""
    look = Look(theme, scale)
    own_fonts()
    if not application.property("styled"):
        application.setStyle("Fusion")
        application.setProperty("styled", True)
    application.setFont(look.font())
    application.setPalette(palette(look))
    if (sheet := style_sheet(look)) != application.styleSheet():  # Qt dresses every widget again, even for the same
        application.setStyleSheet(sheet)
    qt_words.speak(application, language())
    return look
