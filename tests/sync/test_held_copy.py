"""The city came back from an old backup, and the PC that made a newer version is gone: others hold that version."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from sync.clock import FixedClock
from sync.gateway.city import City
from sync.locked_fields import HELD_IN
from sync.protocol import SyncError
from sync.store.model import Record, Save, SaveRefused
from tests.sync.direct_city import backup, restored, save, seen
from tests.sync.direct_line import Pc
from tests.sync.store import soundness
from tests.sync.store.ward import COPY

WEEK = timedelta(days=8).total_seconds()


def act(pc: Pc, record: Record, action: str) -> Record:
    return pc.store.save([Save(type=COPY.id, fields=dict(record.fields), opened=record, action=action)], pc.officer)[0]


class Disaster:
    """``maker`` changes a record after the city's backup, ``holder`` and ``other`` pull that, ``maker`` is gone."""

    def __init__(self, city: City, tmp_path: Path, clock: FixedClock, a_pc: Callable[..., Pc]) -> None:
        self.city, self._folder, self._clock = city, tmp_path, clock
        self.maker, self.holder, self.other = (a_pc(name) for name in ("maker", "holder", "other"))
        self.all = [self.maker, self.holder, self.other]
        self.sync()  # the books are lent
        self.record = save(self.maker, document="Bằng đại học", pages=1)
        self.sync()
        backup(city, tmp_path)

    def sync(self, *pcs: Pc) -> None:
        for pc in pcs or self.all:
            pc.sync()

    def strike(self) -> None:
        """The work since the backup has reached the others."""
        self.sync(self.holder, self.other)
        self.restore()
        self.all = [self.holder, self.other]

    def restore(self) -> None:
        self.later(60)
        self.city = restored(self.city, self._folder, self.all)

    def later(self, seconds: float) -> None:
        self._clock.advance(seconds=seconds)

    def pass_days(self) -> None:
        self.sync()
        self.later(WEEK)
        for _ in range(2):
            self.sync()

    def at_the_city(self) -> Record:
        """As every PC shows it."""
        first, *others = (seen(pc, self.record) for pc in self.all)
        for other in others:
            assert (other.fields, other.state, other.number, other.revision) == (
                *(first.fields, first.state, first.number),
                first.revision,
            )
        for pc in self.all:
            soundness.check(pc.store)
            assert pc.store.changes.outbox() == ()
        return first


@pytest.fixture
def disaster(city: City, tmp_path: Path, clock: FixedClock, a_pc: Callable[..., Pc]) -> Iterator[Disaster]:
    made = Disaster(city, tmp_path, clock, a_pc)
    yield made
    made.city.close()


def test_the_newer_version_comes_back_once(disaster: Disaster) -> None:
    maker = disaster.maker
    save(maker, seen(maker, disaster.record), pages=3)
    maker.sync()
    disaster.strike()
    disaster.sync()
    assert seen(disaster.holder, disaster.record).fields["pages"] == 1, "the maker goes first, if he is there"
    disaster.pass_days()
    found = disaster.at_the_city()
    assert (found.fields["pages"], found.conflicts) == (3, {})
    told = [row.change for row in disaster.holder.store.changes.history(found.id) if HELD_IN in row.change.before]
    assert [(c.after, c.officer.name, c.reason) for c in told] == [({"pages": 3}, "holder", "maker")]


def test_a_signed_record_comes_back_signed_with_its_number(disaster: Disaster) -> None:
    maker = disaster.maker
    signed = act(maker, seen(maker, disaster.record), "certify")
    maker.sync()
    assert signed.number is not None
    disaster.strike()
    disaster.pass_days()
    found = disaster.at_the_city()
    assert (found.state, found.number, found.fields) == ("certified", signed.number, seen(maker, signed).fields)
    assert found.conflicts == {}


def test_what_the_maker_offers_himself_is_not_said_again(disaster: Disaster) -> None:
    maker = disaster.maker
    save(maker, seen(maker, disaster.record), pages=3)
    maker.sync()
    disaster.strike()
    disaster.all = [disaster.holder, disaster.other, maker]
    disaster.sync()
    holder = disaster.holder
    holder.sync()
    save(holder, seen(holder, disaster.record), pages=4)  # on purpose
    disaster.sync()
    disaster.pass_days()
    found = disaster.at_the_city()
    assert (found.fields["pages"], found.conflicts) == (4, {})


def test_two_truths_wait_for_a_person_once(disaster: Disaster) -> None:
    maker, holder, other = disaster.maker, disaster.holder, disaster.other
    save(maker, seen(maker, disaster.record), pages=3, document="Bằng thạc sĩ")
    maker.sync()
    disaster.strike()
    disaster.sync()
    save(holder, seen(holder, disaster.record), pages=5)
    disaster.pass_days()
    found = disaster.at_the_city()
    assert (found.fields["pages"], found.fields["document"]) == (5, "Bằng thạc sĩ")
    assert {key: [c.value for c in candidates] for key, candidates in found.conflicts.items()} == {"pages": [3]}
    settled = Save(type=COPY.id, fields={**found.fields, "pages": 5}, opened=found, kind="resolve")
    other.store.save([settled], other.officer)
    disaster.pass_days()
    assert disaster.at_the_city().conflicts == {}


def test_a_signature_since_is_not_undone_and_nothing_is_half_signed(disaster: Disaster) -> None:
    maker, holder = disaster.maker, disaster.holder
    signed = act(maker, seen(maker, disaster.record), "certify")
    maker.sync()
    disaster.strike()
    disaster.sync()
    act(holder, seen(holder, disaster.record), "refuse")
    disaster.pass_days()
    found = disaster.at_the_city()
    assert (found.state, found.number) == ("refused", None)
    assert [c.value for c in found.conflicts["cert_no"]] == [signed.number]


def test_no_device_rewrites_a_signed_record_by_claiming_to_have_held_more(disaster: Disaster) -> None:
    maker, holder = disaster.maker, disaster.holder
    act(maker, seen(maker, disaster.record), "certify")
    disaster.sync()
    city = disaster.city
    epoch, holder_there = city.epoch, holder.line._device
    city.restored()
    disaster.sync()
    act(holder, seen(holder, disaster.record), "cancel")
    (own,) = holder.store.changes.pending(1)
    before, after = {"pages": 1, HELD_IN: epoch}, {"pages": 9}
    hostile = structs.replace(
        own, kind="edit", action=None, before=before, after=after, base_revision=99, to_state="received"
    )
    (result,) = city.intake.push(holder_there, [(hostile, msgspec.msgpack.encode(hostile))])
    assert (result.status, result.fields) == ("conflict", ("pages",))
    stranger = structs.replace(hostile, change_id="other", before={"pages": 1, HELD_IN: "never"}, device_seq=99)
    (result,) = city.intake.push(holder_there, [(stranger, msgspec.msgpack.encode(stranger))])
    assert result.already, "nobody can have held it: nothing is taken of it"


def test_an_edit_that_crosses_the_restore_does_not_hide_what_was_held(disaster: Disaster) -> None:
    """Made on the newer version, sent before the older one was read: the city's answer bears a revision above both."""
    maker, holder = disaster.maker, disaster.holder
    save(maker, seen(maker, disaster.record), pages=3)
    maker.sync()
    disaster.strike()
    disaster.all = [holder]
    save(holder, seen(holder, disaster.record), document="Bằng tiến sĩ")
    disaster.pass_days()
    found = disaster.at_the_city()
    assert (found.fields["pages"], found.fields["document"], found.conflicts) == (3, "Bằng tiến sĩ", {})


def test_of_two_wrong_turns_the_other_one_is_not_taken_for_newer(disaster: Disaster) -> None:
    """A wrong backup was brought back first: what PCs read of that city is older than the right one where it says less."""
    maker, holder, folder = disaster.maker, disaster.holder, disaster._folder
    (folder / "backup.db").rename(folder / "old.db")
    save(maker, seen(maker, disaster.record), pages=3)
    maker.sync()
    backup(disaster.city, folder)
    (folder / "backup.db").rename(folder / "right.db")
    (folder / "old.db").rename(folder / "backup.db")
    disaster.strike()
    disaster.sync()
    save(holder, seen(holder, disaster.record), document="Bằng tiến sĩ")
    disaster.sync()
    (folder / "right.db").rename(folder / "backup.db")
    disaster.strike()
    disaster.pass_days()
    found = disaster.at_the_city()
    assert (found.fields["pages"], found.fields["document"], found.conflicts) == (3, "Bằng tiến sĩ", {})


def test_a_record_begun_anew_from_an_older_copy_gets_the_newer_one_of_a_pc_that_was_away(disaster: Disaster) -> None:
    maker, holder, other = disaster.maker, disaster.holder, disaster.other
    begun = save(maker, document="Giấy khai sinh", pages=1)
    disaster.sync()
    save(maker, seen(maker, begun), pages=2)
    disaster.sync(maker, other)
    disaster._clock.advance(seconds=60)
    disaster.city = restored(disaster.city, disaster._folder, disaster.all)
    disaster.all, disaster.record = [holder], begun
    disaster.pass_days()
    assert disaster.at_the_city().fields["pages"] == 1
    disaster.all = [other, holder]
    disaster.pass_days()
    found = disaster.at_the_city()
    assert (found.fields["pages"], found.conflicts) == (2, {})


def test_nor_is_it_lost_where_that_pc_waited_to_begin_it_anew_itself(disaster: Disaster) -> None:
    """It heard of the restore later, so that the older copy came while it waited."""
    maker, holder, other = disaster.maker, disaster.holder, disaster.other
    begun = save(maker, document="Giấy khai sinh", pages=1)
    disaster.sync()
    save(maker, seen(maker, begun), pages=2)
    disaster.sync(maker, other)
    disaster._clock.advance(seconds=60)
    disaster.city = restored(disaster.city, disaster._folder, disaster.all)
    disaster.all, disaster.record = [holder, other], begun
    disaster.sync(holder)
    disaster._clock.advance(seconds=WEEK / 2)
    disaster.sync(other)
    disaster._clock.advance(seconds=WEEK / 2)
    disaster.sync()
    assert disaster.at_the_city().fields["pages"] == 1
    disaster.pass_days()
    found = disaster.at_the_city()
    assert (found.fields["pages"], found.conflicts) == (2, {})


def test_an_older_city_is_told_nothing_it_would_not_understand(
    disaster: Disaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker, holder = disaster.maker, disaster.holder
    signed = act(maker, seen(maker, disaster.record), "certify")
    maker.sync()
    disaster.strike()
    with monkeypatch.context() as older:
        older.setattr("sync.gateway.city.ended_epochs", lambda session, now: {})
        disaster.pass_days()
        assert disaster.at_the_city().state == "received"
        holder.reopen()
    disaster.pass_days()
    found = disaster.at_the_city()
    assert (found.state, found.number) == ("certified", signed.number), "told as soon as it is a newer one"


@pytest.mark.parametrize("first", ["holder", "other"])
def test_what_was_put_right_on_purpose_does_not_come_back(disaster: Disaster, first: str) -> None:
    """Whether the older copy is told first or the newer one."""
    _put_right(disaster)
    holders = [disaster.holder, disaster.other]
    disaster.all = holders if first == "holder" else holders[::-1]
    disaster.pass_days()
    there = disaster.at_the_city()
    assert (there.fields["pages"], there.fields["document"], there.conflicts) == (1, "Bằng thạc sĩ", {})


def _put_right(disaster: Disaster) -> None:
    """``holder`` saw the wrong value alone, ``other`` the right one, which is the backup's; who made both is gone."""
    maker = disaster.maker
    save(maker, seen(maker, disaster.record), pages=3)
    disaster.sync(maker, disaster.holder)
    save(maker, seen(maker, disaster.record), pages=1, document="Bằng thạc sĩ")
    disaster.sync(maker, disaster.other)
    disaster.restore()


def test_what_is_to_be_told_covers_nothing_meanwhile(disaster: Disaster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is cut while it is told: what others did since stands on the screen, and no number is given over it."""
    maker, other = disaster.maker, disaster.other
    disaster.restore()
    disaster.sync(maker)
    save(maker, seen(maker, disaster.record), pages=5)
    act(maker, seen(maker, disaster.record), "refuse")
    disaster.sync(maker, other)
    disaster.later(WEEK)
    with monkeypatch.context() as cut:
        cut.setattr(other.line, "push", _no_line)
        with contextlib.suppress(SyncError):
            other.sync()
    assert [HELD_IN in row.change.before for row in other.store.changes.outbox()] == [True]
    shown = seen(other, disaster.record)
    assert (shown.state, shown.fields["pages"]) == ("refused", 5)
    with pytest.raises(SaveRefused):
        act(other, shown, "certify")
    disaster.sync(other, maker, other)
    assert other.store.changes.outbox() == ()
    assert seen(other, disaster.record).state == seen(maker, disaster.record).state == "refused"


def _no_line(request: object) -> None:
    raise SyncError("unreachable", "Mất mạng.")


def test_nobody_is_heard_of_it_for_ever(disaster: Disaster) -> None:
    maker = disaster.maker
    save(maker, seen(maker, disaster.record), pages=3)
    disaster.sync(maker)
    disaster.strike()
    disaster.sync()
    disaster.later(WEEK * 12)
    for _ in range(2):
        disaster.sync()
    assert disaster.at_the_city().fields["pages"] == 1
    with disaster.holder.store._context.readers.connection() as db:
        assert db.execute("SELECT count(*) FROM held").fetchone() == (0,)
