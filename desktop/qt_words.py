"""Qt's own words in Vietnamese: what stands in its file and print dialogs, on its buttons and in the menu of a line.

Qt ships no Vietnamese translation. Ours are in ``resources/translations/qt.json``; the English of each is the text Qt
asks with, so that an English screen needs nothing. Dates in Qt's dialogs and the names of months and days come from the
locale.
"""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QCoreApplication, QLocale, QTranslator

from desktop import language

_LOCALES = {
    True: QLocale(QLocale.Language.Vietnamese, QLocale.Country.Vietnam),
    False: QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom),  # day before month, as here
}
_KEYS = "QShortcut"  # names of keys: they stand on the keyboard in English


@cache
def _words() -> dict[str, str]:
    return {text.en: text.vi for text in language.room("qt").values()}


class QtWords(QTranslator):
    """Speaks Vietnamese while ``vietnamese`` is set, else leaves every text as it is."""

    vietnamese = True

    def isEmpty(self) -> bool:
        return False

    def translate(
        self, context: str | bytes, source_text: str | bytes, disambiguation: str | bytes | None = None, n: int = -1
    ) -> str:
        if not self.vietnamese or context == _KEYS:
            return None  # type: ignore[return-value]  # Qt: not mine to say; an empty text would be shown
        return _words().get(str(source_text))  # type: ignore[return-value]


def speak(application: QCoreApplication, code: str) -> None:
    """From now on Qt's own texts are in the language ``code``; menus and dialogs take it when they are opened."""
    found = application.findChild(QtWords, "qtWords")
    words = found if isinstance(found, QtWords) else QtWords(application)
    words.setObjectName("qtWords")
    words.vietnamese = code == "vi"
    QLocale.setDefault(_LOCALES[words.vietnamese])
    if found is None:
        application.installTranslator(words)
