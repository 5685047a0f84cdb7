"""What the gateway's verbs say to a person: in both languages, or in the one asked for."""

from __future__ import annotations

import argparse
import sys

from forms.label import Label

_FILE_ERRORS: dict[type[OSError], Label] = {
    FileNotFoundError: Label("Không thấy tệp {name}.", "File not found: {name}."),
    IsADirectoryError: Label("{name} là thư mục, không phải tệp.", "{name} is a folder, not a file."),
    NotADirectoryError: Label("{name} không phải thư mục.", "{name} is not a folder."),
    PermissionError: Label("Không có quyền đọc hoặc ghi {name}.", "No permission to read or write {name}."),
}


def said(label: Label, language: str = "") -> str:
    """``language`` "": Vietnamese, then English."""
    if language or label.vi == label.en:
        return label.get(language)
    return f"{label.vi} / {label.en}"


def file_error(error: OSError) -> Label:
    """What went wrong with a file; other errors of the system go by their own words."""
    if error.filename is None:
        return Label(str(error), str(error))
    for kind, label in _FILE_ERRORS.items():
        if isinstance(error, kind):
            return Label(label.vi.format(name=error.filename), label.en.format(name=error.filename))
    return Label(f"{error.filename}: {error.strerror}", f"{error.filename}: {error.strerror}")


def warn(arguments: argparse.Namespace, vi: str, en: str) -> None:
    """A line on stderr beside the answer."""
    tell(said(Label(vi, en), arguments.language))


def tell(text: str) -> None:
    """One line on stderr, whatever the text."""
    line = " ".join(text.split())
    try:
        sys.stderr.write(line + "\n")
    except UnicodeEncodeError:  # a console without Vietnamese letters
        sys.stderr.write(line.encode("ascii", "backslashreplace").decode() + "\n")


def add_language(parser: argparse.ArgumentParser) -> None:
    """``--language`` may stand after the verb as well as before it."""
    parser.add_argument("--language", choices=("vi", "en"), default=argparse.SUPPRESS, help="ngôn ngữ / language")
