"""From the words typed to an exit code: language, verb, errors as one line on stderr and never a traceback."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from desktop.commands.errors import no_gateway, one_line, usage_error
from desktop.commands.settings import chosen_language

_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def run(argv: Sequence[str]) -> int:
    """Run the verb in ``argv``; its exit code."""
    _speak_utf8()
    arguments = list(argv)
    if not _is_plain_open(arguments) and "PySide6.QtCore" not in sys.modules:  # with Qt: desktop.rubbish
        gc.enable()
    if arguments[:1] in (["gateway"], ["--background"]):
        return _apart(arguments[0], arguments[1:])
    language = chosen_language(arguments)
    try:
        return _run_verb(arguments, language)
    except SystemExit as leaving:  # argparse has shown its help
        return leaving.code if isinstance(leaving.code, int) else 0
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # the reader (head, less) went away; the interpreter must not complain about it again at its end
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        text, code = one_line(error, language)
        sys.stderr.write(text + "\n")
        return code


def _run_verb(arguments: list[str], language: str) -> int:
    from desktop.commands.desk import Desk

    _refuse_broken_text(arguments)
    if _is_plain_open(arguments):
        from desktop.commands import workspace

        with Desk.of_profile(arguments[-1] if "--profile" in arguments else None, language) as desk:
            return workspace.run(desk)
    from desktop.commands.parser import parse

    verb, given = parse(arguments, language)
    with Desk.from_arguments(given, language) as desk:
        code: int = verb.load().run(desk, given)
        sys.stdout.flush()
        return code


def _is_plain_open(arguments: list[str]) -> bool:
    """Whether this opens the workspace and says no more than whose: argparse takes 10 ms to find that out."""
    rest = arguments[1:] if arguments[:1] == ["open"] else arguments
    return not rest or (len(rest) == 2 and rest[0] == "--profile" and not rest[1].startswith("-"))


def _refuse_broken_text(arguments: list[str]) -> None:
    """Bytes that are no text (Python keeps them as surrogates) can name no record and stand in no answer."""
    for word in arguments:
        try:
            word.encode()
        except UnicodeEncodeError as error:
            shown = word.encode("utf-8", "replace").decode()
            raise usage_error(f"“{shown}” không phải chữ UTF-8.", f"“{shown}” is not UTF-8 text.") from error


def _apart(program: str, arguments: list[str]) -> int:
    """What is no verb of a desk: the city's side, and syncing without a window."""
    if program == "--background":
        from desktop.background_sync import run as sync_in_the_background

        return sync_in_the_background(arguments)
    try:
        from sync.gateway.__main__ import main
    except ModuleNotFoundError as missing:
        if not str(missing.name).startswith("sync.gateway"):
            raise
        sys.stderr.write(one_line(no_gateway(), chosen_language(arguments))[0] + "\n")
        return 1
    return int(main(arguments) or 0)


def _speak_utf8() -> None:
    """Vietnamese must come out whole also where the console's encoding cannot hold it (Windows, LANG=C), and a program
    without a console (sophuong.exe, started by the system) writes to nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - as long as the program
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
