"""The store: made, its key put into the system's vault, filled, closed, opened again with that key, and searched."""

from __future__ import annotations

import sys
from typing import Any

from desktop.commands.desk import SAMPLE_WARD, Desk
from desktop.commands.intake import Intake
from desktop.commands.sample import Samples
from desktop.forms.people import TARGETS
from desktop.selftest.bench import Bench, Done, Trouble, done
from forms.definition import RecordType
from forms.exchange import read_lines, write_records
from sync.protocol import Officer
from sync.store import Store, vault
from sync.store.model import Enrolment

PERSON = TARGETS["person"][0]
PEOPLE = 40
NAME, TYPED = "Bùi Thị Đường", "bui thi duong"
_NOBODY = "http://127.0.0.1:9"  # the discard port: a throwaway profile has no city
_ITEM_NAMES = {"Windows": "windows", "SecretService": "secret_service", "kwallet": "kwallet", "macOS": "macos"}


def store_and_key(bench: Bench) -> Done:
    """A store made, filled and opened again. On Windows a PC without a vault is told as a failure: it always has one."""
    folder = bench.folder / "Người dùng thử nghiệm"  # Vietnamese letters, as in many officers' folders
    try:
        key, place = vault.create_key(folder), "vault"
    except vault.NoVault as error:
        if sys.platform == "win32":
            raise Trouble("no_vault", reason=str(error)) from error
        key, place = vault.create_key(folder, bench.give_passphrase()), "passphrase"
    desk = bench.new_desk(folder.name)
    with Store.create(folder, key, desk.catalog, bench.clock) as store:
        store.set_enrolment(_nobodys(desk))
    before = _fill(desk)
    desk.close()
    if vault.open_key(folder, bench.passphrase) != key:
        raise Trouble("other_key")
    after = desk.store.records.types()
    if after != before:
        raise Trouble("lost_records", before=sum(before.values()), after=sum(after.values()))
    if (desk.store.path / "store.db").read_bytes()[:15] == b"SQLite format 3":
        raise Trouble("plain_store")
    bench.use_desk(desk)
    figures = {"key": place, "vault": _vault_name() if place == "vault" else "", "records": sum(after.values())}
    return done(f"store_{place}", figures, n=figures["records"], vault=figures["vault"])


def search(bench: Bench) -> Done:
    """Words without accents find names with them."""
    record_type = bench.desk.record_type(PERSON)
    (person,) = _samples(bench.desk, record_type, 1, "person")
    named = {name: None for name in ("family_name", "middle_name", "given_name") if name in person["fields"]}
    person = {**person, "fields": {**person["fields"], **named, "full_name": NAME}}
    take_in(bench.desk, record_type, [person])
    found = bench.desk.store.search.find(TYPED)
    if not any(hit.title == NAME for hit in found):
        raise Trouble("not_found", typed=TYPED, name=NAME)
    return done("found", {"hits": len(found)}, typed=TYPED, name=NAME)


def take_in(desk: Desk, record_type: RecordType, records: list[dict[str, Any]]) -> None:
    """Through a file, as records come from elsewhere. Raises Trouble when one is refused."""
    path = desk.folder / "mẫu.ndjson"
    write_records(path, record_type, records)
    result = Intake(desk, record_type).take(read_lines(path, record_type))
    path.unlink()
    if result.refused:
        raise Trouble("refused", reason=result.refused[0].message)


def _fill(desk: Desk) -> dict[str, int]:
    record_type = desk.record_type(PERSON)
    take_in(desk, record_type, _samples(desk, record_type, PEOPLE, "people"))
    return dict(desk.store.records.types())


def _samples(desk: Desk, record_type: RecordType, count: int, seed: str) -> list[dict[str, Any]]:
    return Samples(desk, desk.clock.now(), seed).records(record_type, count)


def _nobodys(desk: Desk) -> Enrolment:
    roles = tuple(role.id for role in desk.catalog.roles)
    officer = Officer(id="selftest", name="Cán bộ Thử", roles=roles, organisation="")
    wards = {SAMPLE_WARD: "Phường Thử Nghiệm"}
    return Enrolment(url=_NOBODY, token="", device="selftest", wards=wards, officers=(officer,))


def _vault_name() -> str:
    """The system's vault as its owner knows it."""
    import keyring

    module = type(keyring.get_keyring()).__module__.rpartition(".")[2]
    return _ITEM_NAMES.get(module, module)
