"""Every text of the form exists in both languages, is used, and says the same things in both."""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Formatter

import desktop.forms
import resources

FOLDER = Path(desktop.forms.__file__).parent
TABLE = json.loads((Path(resources.__file__).parent / "translations" / "form.json").read_text(encoding="utf-8"))
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.py"))


def asked_for() -> tuple[set[str], set[str]]:
    """Keys written out, and the beginnings of those put together."""
    whole = set(re.findall(r"""["'](form\.[a-z_.]+)["']""", SOURCE))
    whole |= {f"form.{key}" for key in re.findall(r"""\.say\(\s*["']([a-z_.]+)["']""", SOURCE)}
    whole |= {f"form.{key}" for key in re.findall(r'"([a-z_.]+)"', SOURCE) if f"form.{key}" in TABLE}
    return whole, set(re.findall(r'f"(form\.[a-z_.]*)\{', SOURCE)) - {"form."}


def test_every_key_asked_for_exists() -> None:
    whole, beginnings = asked_for()
    assert sorted(key for key in whole if key not in TABLE) == []
    assert all(any(key.startswith(begin) for key in TABLE) for begin in beginnings)


def test_no_text_is_left_over() -> None:
    whole, beginnings = asked_for()
    assert [k for k in TABLE if k not in whole and not any(k.startswith(b) for b in beginnings)] == []


def test_both_languages_fill_the_same_places() -> None:
    for key, texts in TABLE.items():
        places = {
            language: {name for _, name, _, _ in Formatter().parse(text) if name} for language, text in texts.items()
        }
        assert places["vi"] == places["en"], key
        assert texts["vi"], key
