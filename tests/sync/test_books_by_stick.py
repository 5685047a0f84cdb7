"""A register's book that is lent, handed over and given back by stick alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.bundle import messages
from sync.gateway.bundles import Bundles
from sync.gateway.refusals import RefusedError
from sync.gateway.server import GatewayServer
from sync.locked_fields import NUMBERED
from sync.number_reader import PERIOD
from sync.store.model import Save
from tests.sync.stick_pcs import COPY, Pc, gateway, make

__all__ = ["gateway", "make"]  # fixtures


def test_the_book_comes_by_stick_and_numbers_once(make: Callable[..., Pc]) -> None:
    one = make("một")
    one.carry()  # the streams become known, and with them the books
    assert one.store.numbers.leases() == ()
    one.carry()
    assert one.store.numbers.leases()


def test_what_was_signed_before_new_year_gets_its_number_by_stick(
    make: Callable[..., Pc], gateway: GatewayServer
) -> None:
    """In the old year's book, which no PC has."""
    clock = gateway.city.clock
    year = clock.now().year
    clock.later += datetime(year, 12, 30, 3, tzinfo=UTC) - clock.now()
    one = make("một", clock=clock)
    one.carry()
    assert certified(one) is None
    clock.later += timedelta(days=4)
    one.carry()
    (record,) = one.store.records.each(COPY)
    mark = record.fields[NUMBERED]
    assert (mark["n"], mark[PERIOD]) == (1, str(year))


def test_an_answer_older_than_what_the_line_said_moves_no_book(make: Callable[..., Pc], gateway: GatewayServer) -> None:
    one, two = make("một"), make("hai")
    one.carry()
    out = one.export()
    back = one.answered(out)  # lends the books to the first PC
    one.sync()
    two.sync()
    lease = one.store.numbers.leases()[0]
    gateway.city.leases.take_over((lease.ward, lease.register, lease.period), two.store.enrolment.device, "máy hỏng")
    one.sync()
    held = {x.register for x in one.store.numbers.leases()}
    assert lease.register not in held
    one.take(back)
    assert {x.register for x in one.store.numbers.leases()} == held


def test_a_book_that_was_given_back_is_not_asked_for_by_stick(make: Callable[..., Pc]) -> None:
    one = make("một")
    one.sync()
    given, *others = one.store.numbers.leases()
    one.store.numbers.hand_overs.begin(given, one.officer, "máy khác giữ sổ này")
    one.sync()
    for _ in range(2):
        one.carry()
    held = {lease.register for lease in one.store.numbers.leases()}
    assert held == {lease.register for lease in others}


def test_a_book_is_handed_over_by_stick(make: Callable[..., Pc]) -> None:
    """After what was numbered in it, and once, though the first stick is lost on the way and a late one comes back."""
    one, two = make("một"), make("hai")
    for pc in (one, two, one):
        pc.carry()
    given = next(lease for lease in one.store.numbers.leases() if lease.register.startswith(COPY))
    assert certified(one)
    one.store.numbers.hand_overs.begin(given, one.officer, "nghỉ phép", to=read_device(two))
    late = one.export()
    assert [each.stage for each in one.store.numbers.hand_overs.all()] == ["asked"]
    one.carry()
    assert [each.stage for each in one.store.numbers.hand_overs.all()] == ["done"]
    one.take(one.answered(late))
    two.carry()
    book = (given.ward, given.register, given.period)
    assert {(x.ward, x.register, x.period): x.next for x in two.store.numbers.leases()}[book] == 2
    assert book not in {(x.ward, x.register, x.period) for x in one.store.numbers.leases()}
    assert one.carry().waiting == 0, "the note of it went too"


def read_device(pc: Pc) -> str:
    assert pc.store.enrolment is not None
    return pc.store.enrolment.device


def closed_for(one: Pc, device: str) -> tuple[str, str, str]:
    """The PC has its books, and hands one over to the device."""
    for _ in range(2):
        one.carry()
    given = next(lease for lease in one.store.numbers.leases() if lease.register.startswith(COPY))
    one.store.numbers.hand_overs.begin(given, one.officer, "nghỉ phép", to=device)
    return given.ward, given.register, given.period


def held(pc: Pc) -> set[tuple[str, str, str]]:
    return {(lease.ward, lease.register, lease.period) for lease in pc.store.numbers.leases()}


def certified(pc: Pc) -> str | None:
    """The number of a record that is begun and signed now."""
    record = pc.save(doc_title="Học bạ", original_seen=True)
    for action in ("check", "certify"):
        there = pc.load(record)
        pc.store.save([Save(type=COPY, fields=there.fields, opened=there, action=action)], pc.officer)
    return pc.load(record).number


def test_a_hand_over_by_stick_that_the_city_does_not_take_is_said_and_the_book_numbered_as_before(
    make: Callable[..., Pc],
) -> None:
    one, two = make("một"), make("hai")
    one.carry()
    one.carry()
    first = certified(one)
    book = closed_for(one, "Q9")
    taken = one.carry()
    assert [p for p in taken.problems if "Q9" in p.vi and "Q9" in p.en]
    assert (one.store.numbers.hand_overs.all(), book in held(one)) == ((), True)
    second = certified(one)
    assert (first, second) == ("1", "2")
    lease = next(x for x in one.store.numbers.leases() if (x.ward, x.register, x.period) == book)
    one.store.numbers.hand_overs.begin(lease, one.officer, "nghỉ phép", to=read_device(two))
    assert one.carry().problems == []
    two.carry()
    assert (book in held(one), book in held(two)) == (False, True)
    assert certified(two) == "3"


def test_sticks_of_a_hand_over_that_was_not_taken_come_late_twice_and_crossed(make: Callable[..., Pc]) -> None:
    """What the city has refused once it does not take from a stick that comes later, when the PC it named is there: the
    book is numbered again where it was."""
    one = make("một")
    before = one.export()
    book = closed_for(one, "Q3")
    late, lost = one.export(), one.export()
    one.take(one.answered(before))
    assert one.store.numbers.hand_overs.all(), "an answer to what did not tell of it says nothing of it"
    back = one.answered(lost)
    two, three = make("hai"), make("ba")
    assert read_device(three) == "Q3"
    again = one.answered(late)
    one.take(again)
    assert book in held(one)
    for answer_of in (back, again):
        one.take(answer_of)
    one.carry()
    two.carry()
    three.carry()
    assert [book in held(pc) for pc in (one, two, three)] == [True, False, False]
    assert (one.store.numbers.hand_overs.all(), certified(one)) == ((), "1")


def test_an_older_city_that_does_not_say_why_leaves_no_book_closed(
    make: Callable[..., Pc], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make("một")
    book = closed_for(one, "Q9")

    def as_before(self: Bundles, device: Any, asked: messages.ToCity) -> tuple[tuple[()], None]:
        for each in asked.books:
            with contextlib.suppress(RefusedError):
                self._city.leases.lease(device, each)
        return (), None

    monkeypatch.setattr(Bundles, "_lend", as_before)
    crossed = one.export()
    out = one.export()
    one.take(one.answered(crossed))
    assert book not in held(one), "the later stick may still be taken"
    taken = one.take(one.answered(out))
    assert [p for p in taken.problems if "giao" in p.vi]
    assert (one.store.numbers.hand_overs.all(), book in held(one)) == ((), True)


def test_a_book_that_was_once_handed_over_is_not_taken_back_from_a_city_that_forgot_it(make: Callable[..., Pc]) -> None:
    """Nor the PC that has it: that one may be numbering."""
    one, two = make("một"), make("hai")
    book = closed_for(one, read_device(two))
    one.carry()
    (given,) = one.store.numbers.hand_overs.all()
    one.store.numbers.hand_overs.tell_again()
    one.store.numbers.hand_overs.refused(given)
    assert [each.stage for each in one.store.numbers.hand_overs.all()] == ["asked"]
    assert book not in held(one)
