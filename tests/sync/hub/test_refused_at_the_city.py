"""What the city refused of a record begun at the hub: who is told, and until when."""

from __future__ import annotations

from collections.abc import Callable

from sync.gateway.server import GatewayServer
from sync.hub.exchange import HUBS_TOLD
from sync.store.model import Record
from tests.sync.hub.pcs import OTHER_WARD, Pc, come_back_refused, rename


def test_what_the_city_refused_is_told_as_such_where_only_the_hub_brought_it(
    make: Callable[..., Pc], gateway: GatewayServer
) -> None:
    """A record that was begun without a line, and that the city then does not take: the other PCs go on showing it, since it is
    being put right, and say so."""
    one, two, other = make("một"), make("hai"), make("ba", ward=OTHER_WARD)
    gateway.stop()
    record = one.save(doc_title="Học bạ")
    made = {row.change.change_id for row in one.store.changes.outbox()}
    one.sync()
    two.sync()
    assert not sent_back(two, record)
    come_back_refused(gateway, one, record, two)
    assert two.sees(record).standing == "hub"
    assert sent_back(two, record) == made
    other.sync()
    assert other.load(record) is None

    gateway.stop()  # put right while there is no line: the correction takes the place of what was refused
    one.save(one.sees(record), copies=7)
    one.sync()
    two.sync()
    there = two.sees(record)
    assert (there.standing, there.fields["copies"], two.store.provisional.count()) == ("hub", 7, 1)
    assert not sent_back(two, record)

    gateway.start()
    rename(gateway, one, one.officer.name)
    for pc in (one, two):
        assert pc.sync()
    assert two.sees(record).standing == one.sees(record).standing == "city"
    assert (two.store.provisional.count(), one.held()) == (0, two.held())
    one.sync()
    assert one.store.meta(HUBS_TOLD, []) == []


def test_what_is_sent_once_more_is_no_longer_told_as_refused(make: Callable[..., Pc], gateway: GatewayServer) -> None:
    one, two, late = make("một"), make("hai"), make("ba")
    gateway.stop()
    record = one.save(doc_title="Học bạ")
    one.sync()
    two.sync()
    gateway.start()
    rename(gateway, one, "Người khác")
    one.sync()
    two.sync()
    assert sent_back(two, record)
    late.sync()
    assert late.load(record) is None, "who never saw it hears of it from the city"
    gateway.stop()
    one.store.changes.retry(record.id)
    one.sync()
    two.sync()
    assert two.sees(record).standing == "hub"
    assert not sent_back(two, record)


def sent_back(pc: Pc, record: Record) -> set[str]:
    """The changes of it that are told as refused where they were made."""
    return {row.change.change_id for row in pc.store.changes.history(record.id) if row.is_sent_back}
