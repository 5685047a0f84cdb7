"""The city under load: its directory of devices, a weekend's news, a new pack; and the gateway as processes of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import msgspec

from forms.loader import DEFAULT_FOLDER, load_catalog
from forms.pack_keys import new_keys, read_public
from forms.pack_making import make_pack
from forms.sample import sample_records
from forms.units import AdministrativeUnits
from sync.clock import SystemClock, moment_text
from sync.gateway.access import token_hash
from sync.gateway.city import City
from sync.gateway.ledger import Ledger
from sync.ids import IdSource
from sync.protocol import Officer, RecordVersion

HANOI = "01"
ROLES = ("civil_status_officer", "office_head")
NEWS = (("residence.citizen", 0.4), ("onestop.dossier", 0.4), ("certification.cert_copy", 0.2))


class Enrolled(msgspec.Struct, frozen=True):
    token: str
    ward: str
    officer: Officer


def wards(count: int) -> list[str]:
    """Codes of that many communes, Hanoi's first."""
    units = AdministrativeUnits()
    codes = [c.code for p in sorted(units.provinces, key=lambda p: p.code != HANOI) for c in units.communes(p.code)]
    return list(islice(codes, count))


def enrol_all(url: str, codes: Sequence[str], pcs: int) -> list[Enrolled]:
    """Every ward's PCs, written into the city's directory as enrolment would, all at once."""
    at = moment_text(SystemClock().now())
    city = City(url, load_catalog())
    enrolled, devices, officers, grants = [], [], [], []
    roles = msgspec.json.encode(ROLES).decode()
    for ward in codes:
        for n in range(pcs):
            ordinal = len(devices) + 1
            officer = Officer(f"o{ordinal}", f"Cán bộ {n + 1} phường {ward}", ROLES)
            token = f"load-{ward}-{n:03d}-{'x' * 24}"
            devices.append((f"Q{ordinal}", ordinal, f"PC {n + 1}", token_hash(token), "", at))
            officers.append((officer.id, officer.name, ""))
            grants.append((f"Q{ordinal}", officer.id, ward, roles))
            enrolled.append(Enrolled(token, ward, officer))
    try:
        with city.storage.write() as session:
            session.insert("devices", devices)
            session.insert("officers", officers)
            session.insert("grants", grants)
    finally:
        city.close()
    return enrolled


def weekend(url: str, codes: Sequence[str], each: int) -> int:
    """News of two days in every ward; the number of records."""
    catalog = load_catalog()
    clock = SystemClock()
    ids = IdSource(clock)
    ward = {"code": "00070", "name": "Phường Hoàn Kiếm", "org_code": "00070", "place": "Hoàn Kiếm"}
    patterns = [
        (catalog.record_type(type_id), one)
        for type_id, share in NEWS
        for one in sample_records(
            catalog.record_type(type_id), catalog, round(each * share), "load", ward=ward, now=clock.now(),
            resolve=lambda _: None, pools={},
        )
    ]  # fmt: skip
    at = moment_text(clock.now())
    city = City(url, catalog)
    try:
        for code in codes:
            with city.storage.write({(code, record_type.scope) for record_type, _ in patterns}) as session:
                ledger = Ledger(session, catalog, clock.now())
                for record_type, one in patterns:
                    version = RecordVersion(
                        id=ids.new(), type=record_type.id, ward=code, scope=record_type.scope, revision=0,
                        state=one["state"], number=one["number"], fields=one["fields"], created_at=at, updated_at=at,
                        updated_by="Cổng dịch vụ công", origin="city", pack=catalog.version,
                    )  # fmt: skip
                    ledger.put(version, deliver=False)
                ledger.write()
    finally:
        city.close()
    return len(patterns) * len(codes)


def new_pack(url: str) -> int:
    """The shipped catalogue again as a pack for every ward; its bytes."""
    city = City(url, load_catalog())
    try:
        with tempfile.TemporaryDirectory() as folder:
            private, public = new_keys(Path(folder) / "key")
            city.packs.trust(read_public(public))
            content = make_pack(DEFAULT_FOLDER, private, version="2026.monday", made_at=datetime.now(UTC))
        return city.packs.add(content).pack.size
    finally:
        city.close()
