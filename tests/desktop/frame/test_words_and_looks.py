"""Texts in both languages, keys that others own, colours one can read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Formatter

import pytest
from PySide6.QtGui import QColor

import desktop
import resources
from desktop.icons import FOLDER, has_icon
from desktop.language import tr, use_language
from desktop.theme import DARK, LIGHT, Colours, Look, style_sheet
from desktop.views.main_window import MainWindow
from tests.desktop.shortcuts import check_shortcuts

TABLE = Path(resources.__file__).parent / "translations" / "frame.json"
SOURCES = [
    p for p in Path(desktop.__file__).parent.rglob("*.py") if p.parent.name in {"desktop", "models", "views", "widgets"}
]


def test_every_text_the_frame_asks_for_is_in_both_languages() -> None:
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    asked = {key for path in SOURCES for key in re.findall(r"""["'](frame\.[a-z_]+)["']""", path.read_text("utf-8"))}
    assert asked <= table.keys()
    for key, texts in table.items():
        names = [{name for _, name, _, _ in Formatter().parse(texts[code]) if name} for code in ("vi", "en")]
        assert texts["vi"] and texts["en"] and names[0] == names[1], key


def test_one_is_not_many() -> None:
    use_language("en")
    try:
        assert tr("frame.n_waiting", n=1) == "1 change waits to be sent"
        assert tr("frame.n_waiting", n=2) == "2 changes wait to be sent"
    finally:
        use_language("vi")


def contrast(a: str, b: str) -> float:
    """WCAG 2.2, relative luminance."""

    def light(name: str) -> float:
        parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in QColor(name).getRgbF()[:3]]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((light(a), light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_words_can_be_read_on_their_ground(colours: Colours) -> None:
    pairs = [(ink, ground) for ink in ("text", "quiet") for ground in ("page", "surface", "raised", "chosen", "hover")]
    pairs += [(kind, f"{kind}_ground") for kind in ("red", "amber", "green", "blue", "grey")]
    pairs += [("header_quiet", "header"), ("header_quiet", "header_field"), ("link", "surface"), ("red", "surface")]
    pairs += [("action_text", "action"), ("action_text", "action_over")]
    for ink, ground in pairs:
        assert contrast(getattr(colours, ink), getattr(colours, ground)) >= 4.5, (ink, ground)
    assert contrast(colours.focus, colours.surface) >= 3
    for ground in ("page", "surface", "raised"):
        assert contrast(colours.line_field, getattr(colours, ground)) >= 3, ground


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5])
def test_no_text_is_under_14_px(scale: float) -> None:
    sheet = style_sheet(Look("light", scale))
    sizes = [int(size) for size in re.findall(r"font-size: (\d+)px", sheet)]
    assert sizes and min(sizes) >= 14 * scale - 1
    assert "$" not in sheet


def test_icons_are_one_set() -> None:
    drawn = [path.read_text() for path in FOLDER.glob("*.svg")]
    assert len(drawn) > 60
    assert all('viewBox="0 0 24 24"' in svg and 'stroke-width="1.5"' in svg for svg in drawn)


def test_every_action_of_the_window_has_its_icon_and_a_free_key(window: MainWindow) -> None:
    rows = window.window_rows()
    check_shortcuts(rows)
    assert all(has_icon(row.icon) for row in rows)
    for type_id in ("list:onestop.dossier", "list:civil_status.birth", "outbox", "settings"):
        window.pages.go(type_id)
        check_shortcuts(window.rows())
