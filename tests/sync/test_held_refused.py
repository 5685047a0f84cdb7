"""What was held and is told to a restored city, where the record's other work is refused, or the city goes back once more."""

from __future__ import annotations

import contextlib

import pytest

from sync.locked_fields import HELD_IN
from sync.protocol import ChangeResult, SyncError
from sync.store.model import Record
from tests.sync.direct_city import backup, restored, save, seen
from tests.sync.test_held_copy import WEEK, Disaster, _no_line, act, disaster

__all__ = ["disaster"]  # a fixture


def only_the_holder_has_it(disaster: Disaster, record: Record) -> None:
    """The maker's last version, which the restored city has older."""
    maker = disaster.maker
    save(maker, seen(maker, record), pages=3)
    disaster.record = record
    disaster.sync(maker, disaster.holder)
    disaster.restore()
    disaster.all = [disaster.holder, disaster.other]
    disaster.sync()


def told_and_cut(disaster: Disaster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The week is over, and the line is cut while the holder tells."""
    holder = disaster.holder
    disaster.later(WEEK)
    with monkeypatch.context() as cut:
        cut.setattr(holder.line, "push", _no_line)
        with contextlib.suppress(SyncError):
            holder.sync()
    assert HELD_IN in holder.store.changes.outbox()[-1].change.before


def test_a_refusal_of_the_officers_own_work_takes_nothing_of_it_along(
    disaster: Disaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, other = disaster.holder, disaster.other
    only_the_holder_has_it(disaster, disaster.record)
    act(other, seen(other, disaster.record), "refuse")
    other.sync()
    act(holder, seen(holder, disaster.record), "certify")
    assert holder.sync().refused == 1
    told_and_cut(disaster, monkeypatch)
    holder.store.changes.retry(disaster.record.id)
    for pc in (holder, other):
        pc.sync()
    assert seen(other, disaster.record).fields["pages"] == 3
    assert [row.change.action for row in holder.store.changes.outbox()] == ["certify"]


def test_a_city_that_goes_back_behind_the_record_hears_it_once_that_is_there(
    disaster: Disaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker, holder = disaster.maker, disaster.holder
    begun = save(maker, document="Giấy khai sinh", pages=1)
    disaster.sync()
    folder = disaster._folder
    (folder / "backup.db").rename(folder / "old.db")
    backup(disaster.city, folder)
    only_the_holder_has_it(disaster, begun)
    told_and_cut(disaster, monkeypatch)
    (folder / "old.db").rename(folder / "backup.db")
    disaster.later(60)
    disaster.all = [holder]
    disaster.city = restored(disaster.city, folder, disaster.all)
    for _ in range(3):
        disaster.pass_days()
    assert disaster.at_the_city().fields["pages"] == 3


def test_a_pc_that_was_switched_off_for_long_still_tells_it(disaster: Disaster) -> None:
    """As long as it is heard at all."""
    only_the_holder_has_it(disaster, disaster.record)
    disaster.later(80 * 86400.0)
    for _ in range(2):
        disaster.sync()
    assert disaster.at_the_city().fields["pages"] == 3


@pytest.mark.parametrize(("days", "told_again"), [(30, True), (91, False)])
def test_what_is_refused_for_good_is_told_no_longer_than_it_is_heard(
    disaster: Disaster, monkeypatch: pytest.MonkeyPatch, days: int, told_again: bool
) -> None:
    only_the_holder_has_it(disaster, disaster.record)
    told_and_cut(disaster, monkeypatch)
    changes = disaster.holder.store.changes
    disaster.later(days * 86400.0)
    changes.acknowledge([ChangeResult(change_id=changes.outbox()[-1].change.change_id, status="refused")])
    assert changes.outbox() == ()
    disaster.later(WEEK)
    assert disaster.holder.sync().pushed == int(told_again)
