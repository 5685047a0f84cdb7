"""The tables, as numbered migrations: each one transaction, never edited once released.

Projection tables (``list_…``) are not here: they are made from the definitions (``projection.py``).
"""

from __future__ import annotations

from typing import Any

from sync.store.model import Standing

STANDINGS: tuple[Standing, ...] = ("city", "here", "conflict", "refused", "hub")
"""``records.standing`` holds the place in this list; of "hub", -1, since those above 1 want a person's attention."""

_FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE records (
    rid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, ward TEXT NOT NULL, scope TEXT NOT NULL,
    revision INTEGER NOT NULL, state TEXT NOT NULL, number TEXT, fields TEXT NOT NULL, conflicts TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, updated_by TEXT NOT NULL, origin TEXT NOT NULL,
    pack TEXT NOT NULL, due_at TEXT, due_open TEXT, standing INTEGER NOT NULL, is_new INTEGER NOT NULL,
    title TEXT NOT NULL, subtitle TEXT NOT NULL);
CREATE INDEX records_due ON records (due_open, type) WHERE due_open IS NOT NULL;
CREATE INDEX records_attention ON records (standing, type, due_open) WHERE standing > 1;
CREATE INDEX records_new ON records (type, due_open) WHERE is_new = 1;
CREATE TABLE base (id TEXT PRIMARY KEY, version BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE changes (
    seq INTEGER PRIMARY KEY, change_id TEXT NOT NULL UNIQUE, record_id TEXT NOT NULL, status TEXT NOT NULL,
    settled INTEGER NOT NULL, again INTEGER NOT NULL DEFAULT 0, at TEXT NOT NULL, clock TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 0, payload BLOB NOT NULL, result BLOB);
CREATE INDEX changes_record ON changes (record_id, settled);
CREATE INDEX changes_pending ON changes (status) WHERE status = 'pending';
CREATE INDEX changes_stuck ON changes (status) WHERE status IN ('refused', 'parked') AND settled = 0;
CREATE VIRTUAL TABLE search USING fts5 (
    text, content = '', contentless_delete = 1, prefix = '2 3 4', detail = none, tokenize = 'unicode61');
INSERT INTO search (search, rank) VALUES ('automerge', 8);
CREATE TABLE links (target INTEGER NOT NULL, field INTEGER NOT NULL, rid INTEGER NOT NULL,
    PRIMARY KEY (target, field, rid)) WITHOUT ROWID;
CREATE TABLE keys (key INTEGER NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (key, rid)) WITHOUT ROWID;
CREATE TABLE counters (type TEXT NOT NULL, state TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (type, state)) WITHOUT ROWID;
CREATE TABLE digests (ward TEXT NOT NULL, scope TEXT NOT NULL, type TEXT NOT NULL, total INTEGER NOT NULL,
    PRIMARY KEY (ward, scope, type)) WITHOUT ROWID;
CREATE TABLE cursors (ward TEXT NOT NULL, scope TEXT NOT NULL, cursor INTEGER NOT NULL,
    filled INTEGER NOT NULL DEFAULT 0, rereading INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (ward, scope)) WITHOUT ROWID;
CREATE TABLE leases (register TEXT NOT NULL, period TEXT NOT NULL, ward TEXT NOT NULL, device TEXT NOT NULL,
    next INTEGER NOT NULL, upper INTEGER NOT NULL, PRIMARY KEY (register, period, ward)) WITHOUT ROWID;
CREATE TABLE numbers (
    series TEXT NOT NULL, period TEXT NOT NULL, n INTEGER NOT NULL, number TEXT NOT NULL, record_id TEXT,
    at TEXT NOT NULL, officer TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (series, period, n)) WITHOUT ROWID;
CREATE INDEX numbers_record ON numbers (record_id);
CREATE TABLE awaiting (record_id TEXT PRIMARY KEY, type TEXT NOT NULL, at TEXT NOT NULL, officer BLOB NOT NULL)
    WITHOUT ROWID;
CREATE TABLE drafts (id TEXT PRIMARY KEY, updated_at TEXT NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE prints (seq INTEGER PRIMARY KEY, record_id TEXT NOT NULL, printout TEXT NOT NULL, copy INTEGER NOT NULL,
    at TEXT NOT NULL, officer TEXT NOT NULL, failed INTEGER NOT NULL);
CREATE INDEX prints_record ON prints (record_id);
CREATE TABLE deliveries (record_id TEXT NOT NULL, service TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (record_id, service)) WITHOUT ROWID;
CREATE TABLE projections (type TEXT PRIMARY KEY, hash TEXT NOT NULL) WITHOUT ROWID;
"""

_SECOND = """
CREATE TABLE files (sha256 TEXT PRIMARY KEY, content BLOB NOT NULL, at TEXT NOT NULL);
ALTER TABLE deliveries ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
CREATE INDEX deliveries_refused ON deliveries (record_id) WHERE refused = 1;
"""

_THIRD = """
CREATE TABLE proposals (source INTEGER NOT NULL, flow TEXT NOT NULL, type TEXT NOT NULL, target TEXT, at TEXT NOT NULL,
    PRIMARY KEY (source, flow)) WITHOUT ROWID;
CREATE INDEX proposals_flow ON proposals (flow, type, at);
"""

_FOURTH = """
ALTER TABLE prints ADD COLUMN serial TEXT NOT NULL DEFAULT '';
ALTER TABLE prints ADD COLUMN about TEXT NOT NULL DEFAULT '';
ALTER TABLE prints ADD COLUMN spoiled TEXT NOT NULL DEFAULT '';
ALTER TABLE prints ADD COLUMN spoiled_at TEXT NOT NULL DEFAULT '';
ALTER TABLE prints ADD COLUMN spoiled_by TEXT NOT NULL DEFAULT '';
CREATE INDEX prints_serial ON prints (serial) WHERE serial <> ''
"""

_FIFTH = """
CREATE TABLE named (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE missing (id TEXT PRIMARY KEY, since TEXT NOT NULL) WITHOUT ROWID
"""

_SIXTH = """
CREATE TABLE file_pieces (key TEXT NOT NULL, start INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (key, start));
INSERT INTO file_pieces (key, start, content)
    WITH RECURSIVE cut (start) AS (SELECT 0 UNION ALL SELECT start + 262144 FROM cut WHERE start < 20971520)
    SELECT sha256, start, substr(content, start + 1, 262144) FROM files CROSS JOIN cut WHERE start < length(content);
ALTER TABLE files ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
ALTER TABLE files ADD COLUMN pieces TEXT NOT NULL DEFAULT '';
UPDATE files SET size = length(content), pieces = sha256;
ALTER TABLE files DROP COLUMN content;
CREATE TABLE file_links (rid INTEGER NOT NULL, sha256 TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL,
    media_type TEXT NOT NULL, PRIMARY KEY (rid, sha256)) WITHOUT ROWID;
CREATE INDEX file_links_content ON file_links (sha256);
CREATE TABLE file_stands (sha256 TEXT NOT NULL, ward TEXT NOT NULL, scope TEXT NOT NULL, status TEXT NOT NULL,
    upload TEXT NOT NULL DEFAULT '', sent INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL DEFAULT 0, why TEXT NOT NULL DEFAULT '', PRIMARY KEY (sha256, ward, scope)) WITHOUT ROWID;
CREATE INDEX file_stands_to_send ON file_stands (due_at) WHERE status = 'to_send';
CREATE TABLE file_fetches (sha256 TEXT PRIMARY KEY, pieces TEXT NOT NULL, got INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0, due_at REAL NOT NULL DEFAULT 0, why TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
INSERT OR IGNORE INTO file_links (rid, sha256, name, size, media_type)
    SELECT r.rid, json_extract(t.value, '$.sha256'), coalesce(json_extract(t.value, '$.name'), ''),
        coalesce(json_extract(t.value, '$.size'), 0), coalesce(json_extract(t.value, '$.media_type'), '')
    FROM records r, json_tree(r.fields) t
    WHERE r.fields LIKE '%"sha256"%' AND t.type = 'object' AND json_type(t.value, '$.sha256') = 'text';
INSERT OR IGNORE INTO file_stands (sha256, ward, scope, status)
    SELECT l.sha256, r.ward, r.scope, CASE WHEN f.sha256 IS NULL THEN 'elsewhere' ELSE 'to_send' END
    FROM file_links l JOIN records r ON r.rid = l.rid LEFT JOIN files f ON f.sha256 = l.sha256
"""

_SEVENTH = """
CREATE TABLE fills (ward TEXT NOT NULL, scope TEXT NOT NULL, head INTEGER NOT NULL, tier INTEGER NOT NULL,
    below INTEGER NOT NULL, taken INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (ward, scope)) WITHOUT ROWID
"""

_EIGHTH = """
CREATE TABLE handovers (register TEXT NOT NULL, period TEXT NOT NULL, ward TEXT NOT NULL, id TEXT NOT NULL,
    device TEXT NOT NULL, last INTEGER NOT NULL, next INTEGER NOT NULL, upper INTEGER NOT NULL, officer BLOB NOT NULL,
    reason TEXT NOT NULL, at TEXT NOT NULL, stage TEXT NOT NULL, PRIMARY KEY (register, period, ward)) WITHOUT ROWID;
CREATE TABLE alike_new (rid INTEGER PRIMARY KEY);
CREATE TABLE alike (key INTEGER NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (key, rid)) WITHOUT ROWID;
CREATE TABLE alike_pairs (a INTEGER NOT NULL, b INTEGER NOT NULL, type TEXT NOT NULL, rule INTEGER NOT NULL,
    PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE INDEX alike_pairs_b ON alike_pairs (b)
"""

_NINTH = """
CREATE INDEX changes_hub ON changes (record_id) WHERE status = 'hub'
"""

_TENTH = """
ALTER TABLE changes ADD COLUMN settled_at TEXT NOT NULL DEFAULT ''
"""

_ELEVENTH = """
CREATE TABLE unindexed (rid INTEGER PRIMARY KEY, text TEXT NOT NULL)
"""

_TWELFTH = """
CREATE TABLE held (id TEXT NOT NULL, revision INTEGER NOT NULL, epoch TEXT NOT NULL, since TEXT NOT NULL,
    version BLOB NOT NULL, PRIMARY KEY (id, revision)) WITHOUT ROWID
"""

MIGRATIONS: tuple[str, ...] = (
    *(_FIRST, _SECOND, _THIRD, _FOURTH, _FIFTH, _SIXTH, _SEVENTH, _EIGHTH, _NINTH, _TENTH, _ELEVENTH, _TWELFTH),
)
NEWEST = len(MIGRATIONS)


def migrate(connection: Any) -> None:
    """Bring the file up to the newest schema, in one transaction: a step that fails leaves the one the file had."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        for number in range(version + 1, NEWEST + 1):
            for statement in MIGRATIONS[number - 1].split(";\n"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
