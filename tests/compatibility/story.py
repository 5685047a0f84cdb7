"""What one gateway and two PCs, one of them of another version, must be able to do together."""

from __future__ import annotations

import fcntl
import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.compatibility.program import NOW, ROOT, Answer, Gateway, Program, Version, cache_folder
from tests.features.cases import CITIZEN, COPY, copy_of
from tests.features.cases import person as any_person

WARD = "00070"
PHONES = ("+84912000222", "+84983000111")
PACK_VERSION = "2099.1"
STEPS = ("push", "pull", "conflict", "number", "pack")


def person(name: str) -> dict[str, Any]:
    """With what older rules asked for too."""
    return any_person(name, permanent_addr={"unit": WARD, "detail": "12 Hàng Bài"})


class Cell(Struct, frozen=True):
    """A gateway and a PC of two versions; beside that PC works one of the gateway's own version or of this one."""

    gateway: Version
    client: Version
    beside: Version

    def __str__(self) -> str:
        return f"{self.client.name} at {self.gateway.name}"


def cells(versions: tuple[Version, ...]) -> tuple[Cell, ...]:
    """Every older client with this gateway, and this client with every older gateway that runs."""
    old = tuple(Cell(gateway=NOW, client=version, beside=NOW) for version in versions)
    new = tuple(Cell(gateway=version, client=NOW, beside=version) for version in versions if not version.gateway)
    return old + new


class Pc:
    def __init__(self, program: Program, profile: Path) -> None:
        self._program = program
        self._profile = profile
        self.version = program.version

    def run(self, *words: str) -> Answer:
        return self._program.run("--profile", str(self._profile), *words)

    def must(self, *words: str) -> Any:
        return self._program.must("--profile", str(self._profile), *words)

    def takes_in(self, type_id: str, **fields: Any) -> str:
        before = {record["id"] for record in self.all(type_id)}
        assert self._writes(type_id, {"fields": fields})["accepted"] == 1
        (made,) = {record["id"] for record in self.all(type_id)} - before
        return str(made)

    def writes(self, type_id: str, record: str, **fields: Any) -> None:
        assert self._writes(type_id, {"id": record, "fields": fields})["accepted"] == 1

    def all(self, type_id: str) -> list[dict[str, Any]]:
        path = self._profile / "all.ndjson"
        self.must("export", type_id, str(path))
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    def sees(self, record: str) -> dict[str, Any]:
        return dict(self.must("show", record)["fields"])

    def syncs(self) -> dict[str, Any]:
        return dict(self.must("sync"))

    def types(self) -> set[str]:
        return {f"{tool['id']}.{record['id']}" for tool in self.must("tools")["tools"] for record in tool["records"]}

    def _writes(self, type_id: str, line: dict[str, Any]) -> Any:
        path = self._profile / "lines.ndjson"
        path.write_text(json.dumps(line, ensure_ascii=False), encoding="utf-8")
        return self.must("import", type_id, str(path))


class Story(Struct):
    """One cell while it is played; ``play`` returns what each step showed."""

    cell: Cell
    city: Gateway
    operator: Program
    client: Pc
    beside: Pc
    with_packs: bool

    def play(self) -> dict[str, str]:
        return {name: getattr(self, name)() for name in STEPS}

    def push(self) -> str:
        """What either PC writes is at the city, unchanged."""
        self.client.syncs()
        self.beside.syncs()
        made = [
            pc.takes_in(CITIZEN, **person(name))
            for pc, name in ((self.client, "Lê Văn Khánh"), (self.beside, "Đỗ Mười"))
        ]
        for pc in (self.client, self.beside):
            report = pc.syncs()
            assert (report["refused"], report["conflicts"]) == (0, 0), report
        held = {row["id"]: row["fields"]["full_name"] for row in self._at_city()}
        assert [held[record] for record in made] == ["Lê Văn Khánh", "Đỗ Mười"]
        return "yes"

    def pull(self) -> str:
        """Each sees the other's records; what a PC has no form for yet does not stop it."""
        strange = sorted(self.beside.types() ^ self.client.types())
        newer = self.beside if len(self.beside.types()) > len(self.client.types()) else self.client
        if strange and strange[0] in newer.types():
            path = self.city_folder / "strange.ndjson"
            newer.must("sample", strange[0], "1", str(path))
            newer.run("import", strange[0], str(path))
            newer.syncs()
        self.client.syncs()
        self.beside.syncs()
        for record in (row["id"] for row in self._at_city() if row["type"] == CITIZEN):
            if record in {row["id"] for row in self.client.all(CITIZEN)}:
                assert self.client.sees(record)["full_name"] == self.beside.sees(record)["full_name"]
        assert {r["id"] for r in self.client.all(CITIZEN)} == {r["id"] for r in self.beside.all(CITIZEN)}
        return "yes"

    def conflict(self) -> str:
        """Two values wait for a person; what he chooses is everywhere."""
        record = self.client.all(CITIZEN)[0]["id"]
        self.client.writes(CITIZEN, record, phone=PHONES[0])
        self.beside.writes(CITIZEN, record, phone=PHONES[1])
        self.client.syncs()
        assert self.beside.syncs()["conflicts"] == 1
        self.client.syncs()
        for pc in (self.client, self.beside):
            (row,) = pc.must("conflicts")["conflicts"]
            assert [each["field"] for each in row["fields"]] == ["phone"]
        self.client.must("resolve", record, f"phone={PHONES[1]}")
        self.client.syncs()
        self.beside.syncs()
        for pc in (self.client, self.beside):
            assert pc.sees(record)["phone"] == PHONES[1]
            assert pc.must("conflicts")["conflicts"] == []
        return "yes"

    def number(self) -> str:
        """The PC that holds the book numbers both PCs' papers, in a row."""
        ours, theirs = (
            pc.takes_in(COPY, **copy_of(title)) for pc, title in ((self.client, "Bằng"), (self.beside, "Sổ"))
        )
        for pc, record in ((self.client, ours), (self.beside, theirs)):
            pc.must("act", record, "check", "original_seen=true")
            pc.must("act", record, "certify")
        for pc in (self.client, self.beside, self.client, self.beside):
            pc.syncs()
        given = sorted(str(row["number"]) for row in self._at_city() if row["type"] == COPY)
        assert given == ["1", "2"], given
        for pc in (self.client, self.beside):
            assert sorted(str(row["number"]) for row in pc.all(COPY)) == ["1", "2"]
        return "yes"

    def pack(self) -> str:
        """A PC takes the city's; one that cannot read it goes on with its own forms, and so does a city. All still work."""
        if not self.with_packs:
            return "—"
        answer = self.operator.run("gateway", "pack", "add", str(given_pack()), "--database", self.city.database)
        given = answer.code == 0
        assert given != bool(self.cell.gateway.forms), answer.err
        assert given or ".yaml:" in answer.err, "it says what it cannot read, and where"
        took = []
        for pc in (self.client, self.beside):
            took.append(pc.syncs().get("pack") == PACK_VERSION)
            pc.syncs()
            assert took[-1] == (given and not pc.version.forms), f"{pc.version.name} takes what it can read"
        record = self.client.takes_in(CITIZEN, **person("Sau khi nhận gói"))
        self.client.syncs()
        self.beside.syncs()
        assert self.beside.sees(record)["full_name"] == "Sau khi nhận gói"
        return "yes" if took[0] else "keeps its own forms"

    @property
    def city_folder(self) -> Path:
        return Path(self.city.database.removeprefix("sqlite:///")).parent

    def _at_city(self) -> list[dict[str, Any]]:
        answer = self.operator.run("gateway", "records", "--database", self.city.database, "--ward", WARD)
        assert answer.code == 0, answer.err
        return [json.loads(line) for line in answer.out.splitlines()]


def play(cell: Cell, folder: Path) -> dict[str, str]:
    """What each step of a cell showed. Raises NoHistory, and AssertionError where something no longer works."""
    for version in (cell.gateway, cell.client, cell.beside):
        _ = version.folder
    with (
        Gateway(cell.gateway, folder) as city,
        Program(cell.gateway, folder) as operator,
        Program(cell.client, folder) as one,
        Program(cell.beside, folder) as two,
    ):
        packs = operator.run("gateway", "pack", "--help").code == 0
        if packs:
            key = given_pack().with_suffix(".pem.pub")
            operator.must("gateway", "pack", "trust", str(key), "--database", city.database)
        client, beside = (_enrolled(city, operator, pc, folder) for pc in (one, two))
        return Story(cell, city, operator, client, beside, packs).play()


def _enrolled(city: Gateway, operator: Program, program: Program, folder: Path) -> Pc:
    words = ["--database", city.database, "--ward", WARD, "--officer", "Nguyễn Đức Thịnh"]
    answer = operator.run("gateway", "enrol", *words, "--role", "civil_status_officer")
    assert answer.code == 0, answer.err
    profile = folder / f"pc-{len(list(folder.glob('pc-*')))}"
    pc = Pc(program, profile)
    pc.must("enrol", "--url", city.url, "--code", answer.out.strip(), "--device", profile.name)
    return pc


def given_pack() -> Path:
    """This version's catalogue as a pack of a later number, its key beside it; built once for each catalogue."""
    catalogue = ROOT / "forms" / "catalog"
    mark = hashlib.sha256()
    for path in sorted(path for path in catalogue.rglob("*") if path.is_file()):
        mark.update(str(path.relative_to(catalogue)).encode() + path.read_bytes())
    folder = cache_folder() / "versions"
    pack = folder / f"pack-{mark.hexdigest()[:16]}.sopack"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "pack.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # workers of one run
        if not pack.exists():
            _build(catalogue, pack)
    return pack


def _build(catalogue: Path, pack: Path) -> None:
    with tempfile.TemporaryDirectory(dir=pack.parent) as folder, Program(NOW, Path(folder)) as program:
        key, made = Path(folder, "city.pem"), Path(folder, "made.sopack")
        assert program.run("pack", "keygen", str(key)).code == 0
        words = ["--key", str(key), "--version", PACK_VERSION, "--serial", "999"]
        answer = program.run("pack", "build", str(catalogue), str(made), *words)
        assert answer.code == 0, answer.err
        Path(f"{key}.pub").rename(pack.with_suffix(".pem.pub"))
        made.rename(pack)
