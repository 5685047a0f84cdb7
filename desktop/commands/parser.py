"""argparse with Vietnamese first: titles, usage and mistakes in the language asked for, one line per mistake."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from typing import Any, NoReturn

from desktop.commands.errors import usage_error
from desktop.commands.verbs import VERBS, Verb
from desktop.version import VERSION
from forms.label import Label

PROGRAM = "sophuong"
_USAGE = Label("cách dùng: ", "usage: ")
_OPTIONS = Label("tùy chọn", "options")
_ARGUMENTS = Label("đối số", "arguments")
_MISTAKES: tuple[tuple[str, str], ...] = (
    (r"the following arguments are required: (.*)", r"còn thiếu: \1"),
    (r"unrecognized arguments: (.*)", r"không hiểu: \1"),
    (r"argument (.*): invalid choice: (.*) \(choose from (.*)\)", r"\1: không có \2; chọn trong: \3"),
    (r"argument (.*): invalid .* value: (.*)", r"\1: giá trị không đúng: \2"),
    (r"argument (.*): expected one argument", r"\1: cần một giá trị"),
    (r"argument (.*): expected at least one argument", r"\1: cần ít nhất một giá trị"),
    (r"argument (.*): expected (\d+) arguments", r"\1: cần \2 giá trị"),
    (r"one of the arguments (.*) is required", r"cần một trong: \1"),
    (r"ambiguous option: (.*) could match (.*)", r"chưa rõ \1: có thể là \2"),
)


class Parser(argparse.ArgumentParser):
    """One verb's parser, or the one above them; raises CommandError (exit code 2) instead of leaving the program."""

    def __init__(self, language: str, **keywords: Any) -> None:
        super().__init__(add_help=False, allow_abbrev=False, **keywords)
        self.language = language
        self._optionals.title = _OPTIONS.get(language)
        self._positionals.title = _ARGUMENTS.get(language)
        self.add_argument(
            "-h", "--help", action="help", help=Label("xem hướng dẫn này", "show this help").get(language)
        )

    def say(self, vi: str, en: str) -> str:
        """The text in this parser's language; for help of arguments."""
        return Label(vi, en).get(self.language)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        for each in self._actions:
            if each.nargs == argparse.ZERO_OR_MORE:
                each.required = False  # argparse names it among what is missing, though it may be
        return super().parse_known_args(args, namespace)

    def format_help(self) -> str:
        return super().format_help().replace("usage: ", _USAGE.get(self.language), 1)

    def error(self, message: str) -> NoReturn:
        vi = message
        for pattern, text in _MISTAKES:
            if re.fullmatch(pattern, message, re.DOTALL):
                vi = re.sub(pattern, text, message, count=1, flags=re.DOTALL)
                break
        hint_vi, hint_en = f"Xem: {self.prog} --help", f"See: {self.prog} --help"
        raise usage_error(f"{self.prog}: {vi}. {hint_vi}", f"{self.prog}: {message}. {hint_en}")


def add_common(parser: Parser) -> None:
    """The options every verb has; each may stand before the verb as well as after it."""
    hide = argparse.SUPPRESS
    parser.add_argument(
        "--profile",
        metavar=parser.say("THƯ_MỤC", "DIR"),
        default=hide,
        help=parser.say("thư mục dữ liệu của máy này", "the folder of this device's data"),
    )
    parser.add_argument(
        "--json", action="store_true", default=hide, help=parser.say("kết quả cho máy đọc", "machine-readable output")
    )
    parser.add_argument(
        "--language", choices=("vi", "en"), default=hide, help=parser.say("ngôn ngữ hiển thị", "language of the texts")
    )
    parser.add_argument(
        "--officer",
        metavar=parser.say("CÁN_BỘ", "OFFICER"),
        default=hide,
        help=parser.say(
            "mã hoặc tên cán bộ đang làm (mặc định: người đăng nhập sau cùng)",
            "id or name of the officer at work (default: who signed in last)",
        ),
    )


def parse(arguments: list[str], language: str) -> tuple[Verb, argparse.Namespace]:
    """The verb chosen and what was given to it. Raises CommandError with exit code 2."""
    top = _top_parser(language)
    known, rest = top.parse_known_args(arguments)
    name = known.verb or "open"
    verb = next((v for v in VERBS if v.name == name), None)
    if verb is None:
        top.error(f"argument VERB: invalid choice: {name!r} (choose from {', '.join(v.name for v in VERBS)})")
    parser = Parser(language, prog=f"{PROGRAM} {verb.name}", description=verb.about.get(language))
    add_common(parser)
    verb.load().arguments(parser, verb.name)
    # intermixed: FIELD=VALUE words may stand after an option
    given = parser.parse_intermixed_args([*known.rest, *rest], argparse.Namespace(**_before(known)))
    return verb, given


def _before(known: argparse.Namespace) -> dict[str, Any]:
    return {k: v for k, v in vars(known).items() if k in ("profile", "json", "language", "officer")}


def _top_parser(language: str) -> Parser:
    parser = Parser(
        language,
        prog=PROGRAM,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=_about(VERBS, language),
    )
    add_common(parser)
    parser.add_argument(
        "--version", action="version", version=VERSION, help=parser.say("bản của chương trình", "the program's version")
    )
    parser.add_argument("verb", metavar="VERB", nargs="?", help=parser.say("việc cần làm", "what to do"))
    parser.add_argument("rest", metavar="…", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _about(verbs: Iterable[Verb], language: str) -> str:
    title = Label("Sổ Phường: bàn làm việc của phường", "Sổ Phường: the ward office's one workspace").get(language)
    return "\n".join([title, "", *(f"  {verb.name:<11} {verb.about.get(language)}" for verb in verbs)])
