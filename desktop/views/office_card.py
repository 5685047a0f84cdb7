"""Settings: what the office has set for this PC, and from where."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QFormLayout

from desktop.app import App
from desktop.language import LANGUAGES, tr
from desktop.rollout import LOG, Given
from desktop.theme import LARGE, SMALL
from desktop.widgets.basics import Card, text_label
from sync.long_paths import shown

_SECRET = ("code", "token")


class OfficeCard(Card):
    """Only where the office set anything."""

    def __init__(self, app: App, given: Given) -> None:
        super().__init__(app.look, padding=LARGE - 4)
        self.body.addWidget(text_label(tr("office.set_by"), "heading"))
        self.body.addWidget(text_label(tr("office.set_by_about"), "quiet", wrap=True))
        form = QFormLayout()
        form.setHorizontalSpacing(app.look.px(LARGE))
        form.setVerticalSpacing(app.look.px(SMALL))
        self.body.addLayout(form)
        for key, value in given.values.items():
            words = _words(key, value)
            if given.is_locked(key):
                words = tr("office.locked", value=words)
            shown_value = text_label(words, wrap=True)
            shown_value.setToolTip(given.of[key].name)
            form.addRow(text_label(tr(f"office.key_{key}"), "quiet"), shown_value)
        form.addRow(text_label(tr("office.read_from"), "quiet"), text_label("\n".join(given.read), "quiet", wrap=True))
        if given.findings:
            log = shown(app.folder / LOG)
            problem = text_label(tr("office.findings", n=len(given.findings), log=log), "problem", wrap=True)
            problem.setToolTip("\n".join(each.sentence.get(app.language) for each in given.findings))
            self.body.addWidget(problem)


def _words(key: str, value: Any) -> str:
    if key in _SECRET:
        return tr("office.hidden")
    if isinstance(value, bool):
        return tr("office.on" if value else "office.off")
    if key == "language":
        return LANGUAGES.get(str(value), str(value))
    return "\n".join(value) if isinstance(value, list) else str(value)
