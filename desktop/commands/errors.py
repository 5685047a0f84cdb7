"""Errors of the command line, and the one place where foreign errors become a sentence."""

from __future__ import annotations

from forms.label import Label

BAD_STATE = 1
BAD_USAGE = 2


class CommandError(Exception):
    """A verb cannot do what was asked. ``label`` says what happened and what to do."""

    def __init__(self, vi: str, en: str, *, code: int = BAD_STATE) -> None:
        super().__init__(vi)
        self.label = Label(vi, en)
        self.code = code


class NoVault(CommandError):
    """The system keeps no key: who sets the PC up gives a passphrase."""


def usage_error(vi: str, en: str) -> CommandError:
    """What was typed cannot be meant: exit code 2."""
    return CommandError(vi, en, code=BAD_USAGE)


def no_gateway() -> CommandError:
    """Packages for PCs come without the city's side; it is installed by itself."""
    return CommandError(
        "Gói cài trên máy phường không kèm cổng của thành phố: việc này làm trên máy chủ, nơi cài gói so-phuong-gateway.",
        "The package for PCs comes without the city's gateway: do this on the server that has so-phuong-gateway.",
    )


def one_line(error: BaseException, language: str) -> tuple[str, int]:
    """The sentence and the exit code for any error a verb let through; never empty, never more than a line."""
    if isinstance(error, CommandError):
        return _flat(error.label.get(language)), error.code
    if isinstance(error, OSError) and error.filename is not None:
        return _flat(_file_error(error, language)), BAD_STATE
    if isinstance(label := getattr(error, "label", None), Label):
        return _flat(label.get(language)), BAD_STATE
    problems = _rule_problems(error, language)
    if problems:
        return _flat(problems), BAD_STATE
    if _is_ours(error):
        return _flat(str(error)), BAD_STATE
    return _flat(f"{_UNEXPECTED.get(language)} ({type(error).__name__}: {error})"), BAD_STATE


_UNEXPECTED = Label("Có lỗi ngoài dự tính, chưa làm xong việc này.", "Something unforeseen went wrong; not done.")
_FILE_ERRORS: dict[type[OSError], Label] = {
    FileNotFoundError: Label("Không thấy tệp {name}.", "File not found: {name}."),
    IsADirectoryError: Label("{name} là thư mục, không phải tệp.", "{name} is a folder, not a file."),
    NotADirectoryError: Label("{name} không phải thư mục.", "{name} is not a folder."),
    FileExistsError: Label("{name} đã có.", "{name} already exists."),
    PermissionError: Label("Không có quyền đọc hoặc ghi {name}.", "No permission to read or write {name}."),
}


def _file_error(error: OSError, language: str) -> str:
    for kind, label in _FILE_ERRORS.items():
        if isinstance(error, kind):
            return label.get(language).format(name=error.filename)
    return f"{error.filename}: {error.strerror}"


def _is_ours(error: BaseException) -> bool:
    """Errors of our own rooms already speak to a person."""
    return type(error).__module__.partition(".")[0] in ("forms", "sync", "resources", "desktop")


def _rule_problems(error: BaseException, language: str) -> str:
    """The messages of an error that carries problems at fields (a broken rule, a refused save)."""
    texts = []
    for problem in getattr(error, "problems", ()) or ():
        if hasattr(problem, "line"):
            return str(error)  # mistakes of a definition: the first with its file and line, and how many more
        message = getattr(problem, "label", None) or getattr(problem, "message", None)
        text = message.get(language) if isinstance(message, Label) else str(message or problem)
        at = getattr(problem, "path", None) or getattr(problem, "field", None)
        texts.append(f"{at}: {text}" if at else text)
    return "; ".join(texts)


def _flat(text: str) -> str:
    return " ".join(text.split()) or "?"
