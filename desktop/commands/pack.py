"""``pack …``: what the city's own staff do to send out a changed form or a survey."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from desktop.commands.desk import Desk
from desktop.commands.errors import CommandError
from desktop.commands.parser import Parser

if TYPE_CHECKING:
    from forms.pack_format import Manifest
    from forms.xlsform import Made


def arguments(parser: Parser, verb: str) -> None:
    say = parser.say
    parser.add_argument(
        "what",
        choices=("keygen", "build", "check", "show", "changes", "from-xlsform"),
        help=say(
            "keygen TỆP · build THƯ_MỤC TỆP --key · check TỆP --key · show TỆP · changes [TỆP] · from-xlsform TỆP.xlsx --into THƯ_MỤC",
            "keygen OUT · build DIR OUT --key · check FILE --key · show FILE · changes [FILE] · from-xlsform FILE.xlsx --into DIR",
        ),
    )
    parser.add_argument("paths", nargs="*", metavar=say("TỆP", "FILE"))
    parser.add_argument(
        "--key",
        metavar="KEY",
        help=say("khóa riêng để ký, khóa công khai để kiểm", "private key to sign, public to check"),
    )
    parser.add_argument("--version", metavar="V", help=say("phiên bản của gói", "the pack's version"))
    parser.add_argument(
        "--serial", type=int, metavar="N", help=say("số thứ tự (mặc định: theo giờ)", "serial (default: by the clock)")
    )
    parser.add_argument(
        "--onto",
        metavar="DIR",
        help=say("danh mục nền cho thư mục công cụ", "the catalogue a tool folder is laid over"),
    )
    parser.add_argument(
        "--minimum", metavar="V", help=say("bản chương trình thấp nhất", "least version of the program")
    )
    parser.add_argument("--into", metavar="DIR", help=say("nơi để thư mục công cụ", "where the tool's folder goes"))


def run(desk: Desk, given: argparse.Namespace) -> int:
    work = {
        "keygen": (_keygen, 1, 1), "build": (_build, 2, 2), "check": (_check, 1, 1), "show": (_show, 1, 1),
        "changes": (_changes, 0, 1), "from-xlsform": (_from_xlsform, 1, 1),
    }  # fmt: skip
    do, least, most = work[given.what]
    if not least <= len(given.paths) <= most:
        from desktop.commands.errors import usage_error

        raise usage_error(
            f"pack {given.what} cần {least} đường dẫn. Xem: sophuong pack --help",
            f"pack {given.what} takes {least} path(s). See: sophuong pack --help",
        )
    return do(desk, given)


def _keygen(desk: Desk, given: argparse.Namespace) -> int:
    from forms.pack_keys import new_keys

    private, public = new_keys(Path(given.paths[0]))
    if desk.as_json:
        desk.put_json({"private": str(private), "public": str(public)})
    desk.say(
        f"Khóa riêng: {private} (cất kỹ, không gửi cho ai). Khóa công khai: {public} (gateway pack trust).",
        f"Private key: {private} (keep it safe, send it to nobody). Public key: {public} (gateway pack trust).",
    )
    return 0


def _need(value: str | None, name: str) -> Path:
    if not value:
        from desktop.commands.errors import usage_error

        raise usage_error(f"Thiếu {name}.", f"{name} is missing.")
    return Path(value)


def _build(desk: Desk, given: argparse.Namespace) -> int:
    from forms.loader import DefinitionError
    from forms.pack import PROGRAM_VERSION
    from forms.pack_making import make_pack

    out = Path(given.paths[1])
    try:
        content = make_pack(
            Path(given.paths[0]),
            _need(given.key, "--key"),
            onto=Path(given.onto) if given.onto else None,
            version=given.version,
            serial=given.serial,
            made_at=desk.clock.now(),
            minimum_program=given.minimum or PROGRAM_VERSION,
        )
    except DefinitionError as error:
        if desk.as_json:
            desk.put_json({"mistakes": error.problems})
        for p in error.problems if not desk.as_json else ():
            message = p.english if desk.language == "en" and p.english else p.message
            desk.line(f"{p.file}:{p.line}: {p.key}: {message}")
        raise CommandError(
            f"Danh mục có {len(error.problems)} lỗi nên chưa dựng gói.",
            f"The catalogue has {len(error.problems)} mistakes; no pack was made.",
        ) from error
    out.write_bytes(content)
    from forms.pack import trusted

    pack = trusted(content)
    if desk.as_json:
        desk.put_json({**_told(pack.manifest), "sha256": pack.sha256, "size": len(content), "file": str(out)})
    desk.say(
        f"{out}: bản {pack.manifest.version}, số {pack.manifest.serial}, {len(content) // 1024} KB.",
        f"{out}: version {pack.manifest.version}, serial {pack.manifest.serial}, {len(content) // 1024} KB.",
    )
    return 0


def _told(manifest: Manifest) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(manifest)
    told["files"] = len(manifest.files)
    return told


def _check(desk: Desk, given: argparse.Namespace) -> int:
    import tempfile

    from forms.loader import check
    from forms.pack import check_program, open_pack
    from forms.pack_keys import read_public

    pack = open_pack(Path(given.paths[0]).read_bytes(), [read_public(_need(given.key, "--key"))])
    check_program(pack.manifest)
    with tempfile.TemporaryDirectory(prefix="sophuong-pack-") as place:
        folder = Path(place) / "catalog"
        pack.unpack(folder)
        problems = check(folder)
    if desk.as_json:
        desk.put_json({**_told(pack.manifest), "mistakes": problems})
    for p in problems:
        desk.say(f"{p.file}:{p.line}: {p.key}: {p.message}", f"{p.file}:{p.line}: {p.key}: {p.english or p.message}")
    if not problems:
        desk.say(
            f"Gói {pack.manifest.version}: chữ ký và nội dung đúng.",
            f"Pack {pack.manifest.version}: signature and content hold.",
        )
    return 1 if problems else 0


def _show(desk: Desk, given: argparse.Namespace) -> int:
    """Without a key: what the pack says of itself; nothing of it is used."""
    from forms.pack import trusted
    from forms.pack_format import MAGIC

    content = Path(given.paths[0]).read_bytes()
    if not content.startswith(MAGIC):
        raise CommandError(f"{given.paths[0]} không phải gói mẫu biểu.", f"{given.paths[0]} is no pack.")
    pack = trusted(content)
    manifest = pack.manifest
    if desk.as_json:
        desk.put_json({**_told(manifest), "sha256": pack.sha256, "size": len(content)})
        return 0
    desk.line(f"{manifest.version}  {manifest.serial}  {manifest.made_at}  {pack.sha256}")
    desk.say(
        f"{len(manifest.files)} tệp; công cụ thêm hoặc thay: {', '.join(manifest.tools) or 'cả danh mục'}; cần chương trình từ bản {manifest.minimum_program}.",
        f"{len(manifest.files)} files; tools brought: {', '.join(manifest.tools) or 'the whole catalogue'}; needs program {manifest.minimum_program} or newer.",
    )
    return 0


def _changes(desk: Desk, given: argparse.Namespace) -> int:
    """What a pack file, or the pack that waits for the next opening, changes in this profile's present one; with neither
    what the present one changed."""
    import tempfile

    from forms.loader import load_catalog
    from forms.pack import trusted
    from forms.pack_changes import changes

    if given.paths:
        with tempfile.TemporaryDirectory(prefix="sophuong-pack-") as place:
            folder = Path(place) / "catalog"
            trusted(Path(given.paths[0]).read_bytes()).unpack(folder)
            found = changes(desk.catalog, load_catalog(folder, cache=Path(place)))
    else:
        from sync.pack_news import latest_changes

        found = latest_changes(desk.folder)
    if desk.as_json:
        desk.put_json([{"kind": c.kind, "of": c.of, "key": c.key, **msgspec.to_builtins(c.sentence)} for c in found])
    for change in found:
        desk.say(change.sentence.vi, change.sentence.en)
    if not found:
        desk.say("Không có gì thay đổi.", "Nothing changed.")
    return 0


def _from_xlsform(desk: Desk, given: argparse.Namespace) -> int:
    from forms.xlsform import from_xlsform

    made = from_xlsform(Path(given.paths[0]), _need(given.into, "--into"))
    if desk.as_json:
        desk.put_json(
            {"folder": str(made.folder), "fields": made.fields, "notes": made.notes, "mistakes": made.mistakes}
        )
        return 1 if made.mistakes else 0
    _tell(desk, made)
    return 1 if made.mistakes else 0


def _tell(desk: Desk, made: Made) -> None:
    for note in made.notes:
        desk.line(f"{note.place}: {desk.label(note.reason)}" + (f" [{note.text}]" if note.text else ""))
    for p in made.mistakes:
        desk.say(f"{p.file}:{p.line}: {p.key}: {p.message}", f"{p.file}:{p.line}: {p.key}: {p.english or p.message}")
    desk.say(
        f"{made.folder}: {made.fields} mục; {len(made.notes)} chỗ cần xem lại.",
        f"{made.folder}: {made.fields} fields; {len(made.notes)} notes to look at.",
    )
