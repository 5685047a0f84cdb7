"""A text in both languages of the program."""

from msgspec import Struct


class Label(Struct, frozen=True):
    """A text an officer reads, in both languages."""

    vi: str
    en: str

    def get(self, language: str) -> str:
        return self.en if language == "en" else self.vi
