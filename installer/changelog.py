"""What CHANGELOG.md says of a version: told to officers before they get it."""

from __future__ import annotations

import re
from pathlib import Path

from installer import ROOT

CHANGELOG = ROOT / "CHANGELOG.md"
VIETNAMESE, MIGRATION, MIGRATION_VI = "Có gì mới", "Migration", "Chuyển đổi"
MOST = 40  # sentences of a language


class NotReleasable(Exception):
    """The version is not ready to be given out; the message says what is missing."""


def notes_of(text: str, version: str) -> dict[str, list[str]]:
    """Language → sentences: the list under ``## <version>`` in English, under its ``### Có gì mới`` in Vietnamese, with what
    its ``### Migration`` and ``### Chuyển đổi`` say. Raises NotReleasable when there is no such part or no Vietnamese."""
    found = re.search(rf"^## {re.escape(version)}\b([^\n]*)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if not found:
        raise NotReleasable(f"CHANGELOG.md has no part '## {version}'")
    if "unreleased" in found[1]:
        raise NotReleasable(f"CHANGELOG.md still calls {version} unreleased: write its day there")
    parts = re.split(r"^### (.+)$", found[2], flags=re.MULTILINE)
    named = {name.strip(): _sentences(body) for name, body in zip(parts[1::2], parts[2::2], strict=True)}
    notes = {
        "vi": named.get(VIETNAMESE, []) + named.get(MIGRATION_VI, []),
        "en": _sentences(parts[0]) + named.get(MIGRATION, []),
    }
    if not named.get(VIETNAMESE):
        raise NotReleasable(
            f"CHANGELOG.md has no '### {VIETNAMESE}' under {version}: officers read it before the update"
        )
    return {language: sentences[:MOST] for language, sentences in notes.items()}


def _sentences(body: str) -> list[str]:
    """The items of a list, each on one line."""
    items = re.findall(r"^- (.+?)(?=^- |^\S|\Z)", body, re.MULTILINE | re.DOTALL)
    return [" ".join(item.split()) for item in items]


def read_notes(version: str, path: Path = CHANGELOG) -> dict[str, list[str]]:
    return notes_of(path.read_text("utf-8"), version)
