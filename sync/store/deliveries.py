"""Where records stand with the city's services."""

from __future__ import annotations

from typing import Any

import msgspec

from sync.protocol import DeliveryState

_decode = msgspec.msgpack.Decoder(DeliveryState).decode


def of_record(connection: Any, record_id: str) -> tuple[DeliveryState, ...]:
    """One state for each service that must have the record, by the service's id."""
    sql = "SELECT body FROM deliveries WHERE record_id = ? ORDER BY service"
    return tuple(_decode(body) for (body,) in connection.execute(sql, (record_id,)))
