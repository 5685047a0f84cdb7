"""The city's tables: numbered migrations for both databases, and the columns that bulk writes rely on.

``TXT`` is text compared byte by byte, ``BYTES`` binary, ``BIG`` a 64-bit integer, ``REAL8`` a double. Every key of ward data
is led by the ward and every query of it names the ward, so that wards can lie on different machines; ``OF_THE_CITY`` are
the small tables that every machine has. A record's ``position`` is its place in its stream, given at commit in
commit order. ``fields``, ``conflicts``, ``payload``, ``detail`` and ``problems`` are MessagePack.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE meta (key TXT PRIMARY KEY, value TXT NOT NULL)",
        "CREATE TABLE streams (ward TXT NOT NULL, scope TXT NOT NULL, head BIG NOT NULL, PRIMARY KEY (ward, scope))",
        """CREATE TABLE records (
            ward TXT NOT NULL, id TXT NOT NULL, type TXT NOT NULL, scope TXT NOT NULL, revision BIG NOT NULL,
            position BIG NOT NULL, state TXT NOT NULL, number TXT, fields BYTES NOT NULL, conflicts BYTES,
            created_at TXT NOT NULL, updated_at TXT NOT NULL, updated_by TXT NOT NULL, origin TXT NOT NULL,
            pack TXT NOT NULL, PRIMARY KEY (ward, id))""",
        "CREATE UNIQUE INDEX records_stream ON records (ward, scope, position)",
        "CREATE INDEX records_number ON records (ward, type, number) WHERE number IS NOT NULL",
        """CREATE TABLE changes (
            change_id TXT PRIMARY KEY, ward TXT NOT NULL, record_id TXT NOT NULL, scope TXT NOT NULL,
            device TXT NOT NULL, status TXT NOT NULL, revision BIG NOT NULL, payload BYTES NOT NULL, detail BYTES,
            received_at TXT NOT NULL)""",
        "CREATE INDEX changes_record ON changes (ward, record_id)",
        """CREATE TABLE digests (
            ward TXT NOT NULL, scope TXT NOT NULL, type TXT NOT NULL, total TXT NOT NULL,
            PRIMARY KEY (ward, scope, type))""",
        """CREATE TABLE deliveries (
            ward TXT NOT NULL, record_id TXT NOT NULL, service TXT NOT NULL, scope TXT NOT NULL,
            revision BIG NOT NULL, position BIG NOT NULL, status TXT NOT NULL, number TXT, message TXT NOT NULL,
            problems BYTES, at TXT NOT NULL, attempts BIG NOT NULL, due_at REAL8 NOT NULL,
            PRIMARY KEY (ward, record_id, service))""",
        "CREATE INDEX deliveries_stream ON deliveries (ward, scope, position)",
        "CREATE INDEX deliveries_due ON deliveries (service, due_at) WHERE status IN ('waiting', 'sent')",
        """CREATE TABLE books (
            ward TXT NOT NULL, register TXT NOT NULL, period TXT NOT NULL, known BIG NOT NULL,
            PRIMARY KEY (ward, register, period))""",
        """CREATE TABLE leases (
            ward TXT NOT NULL, register TXT NOT NULL, period TXT NOT NULL, device TXT NOT NULL,
            start BIG NOT NULL, upper BIG NOT NULL, at TXT NOT NULL, PRIMARY KEY (ward, register, period))""",
        """CREATE TABLE takeovers (
            ward TXT NOT NULL, register TXT NOT NULL, period TXT NOT NULL, start BIG NOT NULL,
            gap_from BIG NOT NULL, gap_to BIG NOT NULL, device_before TXT NOT NULL, device_after TXT NOT NULL,
            reason TXT NOT NULL, at TXT NOT NULL, PRIMARY KEY (ward, register, period, start))""",
        """CREATE TABLE devices (
            id TXT PRIMARY KEY, ordinal BIG NOT NULL UNIQUE, name TXT NOT NULL, token_hash TXT NOT NULL UNIQUE,
            public_key TXT NOT NULL, enrolled_at TXT NOT NULL)""",
        "CREATE TABLE officers (id TXT PRIMARY KEY, name TXT NOT NULL, organisation TXT NOT NULL)",
        """CREATE TABLE grants (
            device TXT NOT NULL, officer TXT NOT NULL, ward TXT NOT NULL, roles TXT NOT NULL,
            PRIMARY KEY (device, officer, ward))""",
        """CREATE TABLE codes (
            code_hash TXT PRIMARY KEY, officer TXT NOT NULL, wards TXT NOT NULL, roles TXT NOT NULL,
            expires_at TXT NOT NULL, used_at TXT, used_by TXT)""",
        "CREATE TABLE services (id TXT PRIMARY KEY, url TXT NOT NULL)",
    ),
    (
        """CREATE TABLE packs (
            serial BIG PRIMARY KEY, version TXT NOT NULL UNIQUE, sha256 TXT NOT NULL UNIQUE, size BIG NOT NULL,
            wards TXT NOT NULL, percent BIG NOT NULL, added_at TXT NOT NULL, content BYTES NOT NULL,
            compiled BYTES NOT NULL)""",
    ),
    (
        """CREATE TABLE files (
            ward TXT NOT NULL, scope TXT NOT NULL, sha256 TXT NOT NULL, size BIG NOT NULL, parts TXT NOT NULL,
            at TXT NOT NULL, PRIMARY KEY (ward, scope, sha256))""",
        """CREATE TABLE file_parts (
            ward TXT NOT NULL, parts TXT NOT NULL, start BIG NOT NULL, content BYTES NOT NULL,
            PRIMARY KEY (ward, parts, start))""",
        """CREATE TABLE uploads (
            ward TXT NOT NULL, id TXT NOT NULL, scope TXT NOT NULL, sha256 TXT NOT NULL, size BIG NOT NULL,
            received BIG NOT NULL, device TXT NOT NULL, metadata TXT NOT NULL, touched REAL8 NOT NULL,
            PRIMARY KEY (ward, id))""",
        "CREATE INDEX uploads_device ON uploads (ward, device)",
        """CREATE TABLE awaited_files (
            ward TXT NOT NULL, sha256 TXT NOT NULL, record_id TXT NOT NULL, service TXT NOT NULL,
            PRIMARY KEY (ward, sha256, record_id, service))""",
    ),
    (  # who carries a delivery now, and how a service's line stands
        "ALTER TABLE deliveries ADD COLUMN held_until REAL8 NOT NULL DEFAULT 0",
        "ALTER TABLE deliveries ADD COLUMN holder TXT NOT NULL DEFAULT ''",
        "ALTER TABLE deliveries ADD COLUMN taken BIG NOT NULL DEFAULT 0",
        "ALTER TABLE deliveries ADD COLUMN faults BIG NOT NULL DEFAULT 0",
        "ALTER TABLE deliveries ADD COLUMN resent BIG NOT NULL DEFAULT 0",
        "ALTER TABLE services ADD COLUMN failures BIG NOT NULL DEFAULT 0",
        "ALTER TABLE services ADD COLUMN probe_at REAL8 NOT NULL DEFAULT 0",
        "ALTER TABLE services ADD COLUMN trouble TXT NOT NULL DEFAULT ''",
        "ALTER TABLE services ADD COLUMN inbox_at REAL8 NOT NULL DEFAULT 0",
    ),
    (
        # a change's id is unique within its ward: no key of ward data may ask other wards
        "ALTER TABLE changes RENAME TO changes_of_all",
        """CREATE TABLE changes (
            ward TXT NOT NULL, change_id TXT NOT NULL, record_id TXT NOT NULL, scope TXT NOT NULL,
            device TXT NOT NULL, status TXT NOT NULL, revision BIG NOT NULL, payload BYTES NOT NULL, detail BYTES,
            received_at TXT NOT NULL, PRIMARY KEY (ward, change_id))""",
        """INSERT INTO changes (ward, change_id, record_id, scope, device, status, revision, payload, detail, received_at)
            SELECT ward, change_id, record_id, scope, device, status, revision, payload, detail, received_at
            FROM changes_of_all""",
        "DROP TABLE changes_of_all",
        "CREATE INDEX changes_record ON changes (ward, record_id)",
    ),
    (
        """CREATE TABLE handovers (
            ward TXT NOT NULL, register TXT NOT NULL, period TXT NOT NULL, id TXT NOT NULL, last BIG NOT NULL,
            device_before TXT NOT NULL, device_after TXT NOT NULL, officer TXT NOT NULL, reason TXT NOT NULL,
            at TXT NOT NULL, PRIMARY KEY (ward, register, period, id))""",
        # how far a device's changes have come, which the latest were, and since which it may number nothing
        "ALTER TABLE devices ADD COLUMN seq BIG NOT NULL DEFAULT 0",
        "ALTER TABLE devices ADD COLUMN recent TXT NOT NULL DEFAULT '{}'",
        "ALTER TABLE devices ADD COLUMN suspended TXT NOT NULL DEFAULT ''",
    ),
    (  # the hubs of a ward, and whom they may talk to
        "CREATE INDEX grants_ward ON grants (ward, device)",
    ),
    (  # one secret that enrols many PCs; and an attempt to enrol whose answer was lost is known again
        """CREATE TABLE bulk_tokens (
            id TXT PRIMARY KEY, token_hash TXT NOT NULL UNIQUE, officer TXT NOT NULL, organisation TXT NOT NULL,
            wards TXT NOT NULL, roles TXT NOT NULL, most BIG NOT NULL, used BIG NOT NULL, expires_at TXT NOT NULL,
            withdrawn_at TXT NOT NULL, made_at TXT NOT NULL)""",
        """CREATE TABLE bulk_uses (
            token TXT NOT NULL, device TXT NOT NULL, attempt TXT NOT NULL, name TXT NOT NULL, wards TXT NOT NULL,
            at TXT NOT NULL, PRIMARY KEY (token, device))""",
        "ALTER TABLE codes ADD COLUMN attempt TXT NOT NULL DEFAULT ''",
    ),
    (  # which version of the program is offered to whom, and what each device said it runs
        "CREATE TABLE updates (version TXT PRIMARY KEY, withdrawn BIG NOT NULL, added_at TXT NOT NULL)",
        """CREATE TABLE update_shares (
            version TXT NOT NULL, ring TXT NOT NULL, percent BIG NOT NULL, PRIMARY KEY (version, ring))""",
        "CREATE TABLE update_rings (kind TXT NOT NULL, id TXT NOT NULL, ring TXT NOT NULL, PRIMARY KEY (kind, id))",
        """CREATE TABLE device_versions (
            device TXT PRIMARY KEY, version TXT NOT NULL, waiting TXT NOT NULL, failed TXT NOT NULL, ring TXT NOT NULL,
            at TXT NOT NULL)""",
    ),
    (  # when a device was last heard of
        "CREATE TABLE device_seen (device TXT PRIMARY KEY, at TXT NOT NULL)",
    ),
    (  # refused changes that their PC has replaced
        """CREATE TABLE given_up (
            ward TXT NOT NULL, change_id TXT NOT NULL, record_id TXT NOT NULL, at TXT NOT NULL,
            PRIMARY KEY (ward, change_id))""",
    ),
    (  # numbers of files that a book did not go on from, being far beyond it when they came
        """CREATE TABLE far_numbers (
            ward TXT NOT NULL, register TXT NOT NULL, period TXT NOT NULL, n BIG NOT NULL,
            PRIMARY KEY (ward, register, period, n))""",
    ),
    (  # what an operator has to decide is counted without reading all that was ever delivered
        "CREATE INDEX deliveries_stopped ON deliveries (service) WHERE status = 'stopped'",
    ),
)
"""Each entry brings the database from one version to the next; an entry that has landed is never changed."""

_TEXT, _INT, _BYTES, _REAL = "text", "bigint", "bytea", "float8"


def _columns(text: str) -> dict[str, str]:
    kinds = {"t": _TEXT, "i": _INT, "b": _BYTES, "r": _REAL}
    return {name: kinds[kind] for name, kind in (word.split(":") for word in text.split())}


class Table:
    """Columns with their types in order, and the primary key."""

    def __init__(self, columns: str, key: tuple[str, ...]) -> None:
        self.columns = _columns(columns)
        self.key = key


TABLES: dict[str, Table] = {
    "streams": Table("ward:t scope:t head:i", ("ward", "scope")),
    "records": Table(
        "ward:t id:t type:t scope:t revision:i position:i state:t number:t fields:b conflicts:b created_at:t "
        "updated_at:t updated_by:t origin:t pack:t",
        ("ward", "id"),
    ),
    "changes": Table(
        "ward:t change_id:t record_id:t scope:t device:t status:t revision:i payload:b detail:b received_at:t",
        ("ward", "change_id"),
    ),
    "given_up": Table("ward:t change_id:t record_id:t at:t", ("ward", "change_id")),
    "digests": Table("ward:t scope:t type:t total:t", ("ward", "scope", "type")),
    "deliveries": Table(
        "ward:t record_id:t service:t scope:t revision:i position:i status:t number:t message:t problems:b at:t "
        "attempts:i due_at:r",
        ("ward", "record_id", "service"),
    ),
    "books": Table("ward:t register:t period:t known:i", ("ward", "register", "period")),
    "far_numbers": Table("ward:t register:t period:t n:i", ("ward", "register", "period", "n")),
    "leases": Table(
        "ward:t register:t period:t device:t start:i upper:i at:t",
        ("ward", "register", "period"),
    ),
    "takeovers": Table(
        "ward:t register:t period:t start:i gap_from:i gap_to:i device_before:t device_after:t reason:t at:t",
        ("ward", "register", "period", "start"),
    ),
    "handovers": Table(
        "ward:t register:t period:t id:t last:i device_before:t device_after:t officer:t reason:t at:t",
        ("ward", "register", "period", "id"),
    ),
    "devices": Table("id:t ordinal:i name:t token_hash:t public_key:t enrolled_at:t", ("id",)),
    "officers": Table("id:t name:t organisation:t", ("id",)),
    "grants": Table("device:t officer:t ward:t roles:t", ("device", "officer", "ward")),
    "codes": Table("code_hash:t officer:t wards:t roles:t expires_at:t used_at:t used_by:t", ("code_hash",)),
    "bulk_tokens": Table(
        "id:t token_hash:t officer:t organisation:t wards:t roles:t most:i used:i expires_at:t withdrawn_at:t made_at:t",
        ("id",),
    ),
    "bulk_uses": Table("token:t device:t attempt:t name:t wards:t at:t", ("token", "device")),
    "services": Table("id:t url:t", ("id",)),
    "packs": Table("serial:i version:t sha256:t size:i wards:t percent:i added_at:t content:b compiled:b", ("serial",)),
    "files": Table("ward:t scope:t sha256:t size:i parts:t at:t", ("ward", "scope", "sha256")),
    "file_parts": Table("ward:t parts:t start:i content:b", ("ward", "parts", "start")),
    "uploads": Table(
        "ward:t id:t scope:t sha256:t size:i received:i device:t metadata:t touched:r",
        ("ward", "id"),
    ),
    "awaited_files": Table("ward:t sha256:t record_id:t service:t", ("ward", "sha256", "record_id", "service")),
    "updates": Table("version:t withdrawn:i added_at:t", ("version",)),
    "update_shares": Table("version:t ring:t percent:i", ("version", "ring")),
    "update_rings": Table("kind:t id:t ring:t", ("kind", "id")),
    "device_versions": Table("device:t version:t waiting:t failed:t ring:t at:t", ("device",)),
    "device_seen": Table("device:t at:t", ("device",)),
    "meta": Table("key:t value:t", ("key",)),
}

OF_THE_CITY = frozenset(
    {
        "devices",
        "officers",
        "grants",
        "codes",
        "bulk_tokens",
        "bulk_uses",
        "services",
        "packs",
        "meta",
        "updates",
        "update_shares",
        "update_rings",
        "device_versions",
        "device_seen",
    }
)
"""Tables that hold nothing of one ward's work: read for every ward, written seldom."""


def upsert_tail(table: Table, keep: tuple[str, ...]) -> str:
    """The ``ON CONFLICT`` part both databases understand."""
    fixed = {*table.key, *keep}
    sets = ", ".join(f"{c} = excluded.{c}" for c in table.columns if c not in fixed)
    return f"ON CONFLICT ({', '.join(table.key)}) DO " + (f"UPDATE SET {sets}" if sets else "NOTHING")


def typed(statement: str, types: Mapping[str, str]) -> str:
    """A migration's statement with the column types of one database."""
    return re.sub(r"\b(TXT|BYTES|BIG|REAL8)\b", lambda found: types[found[1]], statement)
