"""The digest of what this PC holds of a stream: a sum that moves with each revision and never needs a scan.

Per stream and type, modulo 2^64, of its records' terms: the city computes the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sync.digest_terms import term, terms
from sync.protocol import RecordVersion
from sync.store.elsewhere import told_of

_MODULUS = 1 << 64


class DigestSums:
    """The moves of one transaction."""

    def __init__(self) -> None:
        self._moves: dict[tuple[str, str, str], int] = defaultdict(int)

    def move(self, old: tuple[Any, ...] | None, version: RecordVersion) -> None:
        """``old`` is the record's row before (``rowcodec.COLUMNS``)."""
        if old is not None:
            if old[5] == version.revision and (old[3], old[4], old[2]) == (version.ward, version.scope, version.type):
                return
            self._moves[old[3], old[4], old[2]] -= term(old[1], old[5])
        self._moves[version.ward, version.scope, version.type] += term(version.id, version.revision)

    def add_terms(self, type_id: str, wards: Sequence[str], scopes: Sequence[str], made: Sequence[int]) -> None:
        """Of records of one type of which there was nothing here."""
        moves = self._moves
        if wards.count(wards[0]) == scopes.count(scopes[0]) == len(made):  # nearly always
            moves[wards[0], scopes[0], type_id] += sum(made)
            return
        for ward, scope, one in zip(wards, scopes, made, strict=True):
            moves[ward, scope, type_id] += one

    def add_begun(self, ids: Sequence[str], types: Sequence[str], wards: Sequence[str], scopes: Sequence[str]) -> None:
        """Of records that the city has from now on, at their first revision."""
        moves = self._moves
        for ward, scope, type_id, one in zip(wards, scopes, types, terms(ids, [1] * len(ids)), strict=True):
            moves[ward, scope, type_id] += one

    def write(self, connection: Any) -> None:
        for key, move in self._moves.items():
            if move % _MODULUS == 0:
                continue
            sql = "SELECT total FROM digests WHERE ward = ? AND scope = ? AND type = ?"
            row = connection.execute(sql, key).fetchone()
            total = ((row[0] if row else 0) + move) % _MODULUS
            signed = total - _MODULUS if total >= _MODULUS // 2 else total
            connection.execute(
                "INSERT OR REPLACE INTO digests (ward, scope, type, total) VALUES (?, ?, ?, ?)", (*key, signed)
            )
        self._moves.clear()


def of_stream(connection: Any, ward: str, scope: str) -> dict[str, str]:
    """Type → hex sum, 16 digits; types whose sum is zero are left out."""
    rows = connection.execute("SELECT type, total FROM digests WHERE ward = ? AND scope = ?", (ward, scope))
    totals: dict[str, int] = dict(rows.fetchall())
    for type_id, others in told_of(connection, ward, scope).items():
        totals[type_id] = totals.get(type_id, 0) + sum(term(*other) for other in others)
    return {type_id: f"{total % _MODULUS:016x}" for type_id, total in totals.items() if total % _MODULUS}
