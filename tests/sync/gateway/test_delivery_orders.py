"""Whatever couriers do and in whatever order they die: every record's newest revision is answered, each is sent under one
key, and a service sees a record's revisions in their order."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sync.clock import FixedClock
from sync.gateway.city import City
from sync.gateway.listing import deliveries
from sync.gateway.parcel import Parcel, ServiceAnswer
from sync.protocol import Change
from tests.sync.gateway.pcs import Pc
from tests.sync.gateway.small_catalog import CATALOG

SERVICE = "tthc_hanoi"
WORKERS = 3
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("new"), st.just(0)),
        st.tuples(st.just("edit"), st.integers(0, 9)),
        st.tuples(st.just("claim"), st.integers(0, WORKERS - 1)),
        st.tuples(st.sampled_from(["accept", "refuse", "put_off", "fault", "pending", "die", "down"]), st.integers(0, WORKERS - 1)),
        st.tuples(st.just("wait"), st.sampled_from([1, 20, 61, 1000])),
    ),
    min_size=10,
    max_size=60,
)  # fmt: skip


class Town:
    """A city with couriers that do what they are told, and a service that remembers what it saw."""

    def __init__(self, folder: str) -> None:
        self.clock = FixedClock(datetime(2026, 11, 23, 1, tzinfo=UTC))
        self.city = City(f"sqlite:///{Path(folder) / 'city.db'}", CATALOG, self.clock)
        self.city.set_services({SERVICE: "http://127.0.0.1:1/"})
        self.pc = Pc(self.city)
        self.parcels = self.city.deliveries.parcels
        self.made: list[tuple[Change, int]] = []
        self.hands: list[list[Parcel]] = [[] for _ in range(WORKERS)]
        self.seen: dict[str, list[int]] = {}
        self.answers: dict[str, ServiceAnswer] = {}

    def step(self, what: str, which: int) -> None:
        if what == "new":
            change = self.pc.create("onestop.dossier", after={"applicant": "0"}, to_state="accepted")
            assert self.pc.push(change)[0].status == "accepted"
            self.made.append((change, 0))
        elif what == "edit" and self.made:
            place = which % len(self.made)
            change, count = self.made[place]
            edit = self.pc.edit(change, {"applicant": str(count)}, {"applicant": str(count + 1)})
            assert self.pc.push(edit)[0].status == "accepted"
            self.made[place] = (change, count + 1)
        elif what == "claim" and not self.hands[which]:
            self.hands[which] = self.parcels.claim(SERVICE, 2)
        elif what == "wait":
            self.clock.advance(seconds=which)
        elif what == "die":
            self.hands[which] = []
        elif what in ("accept", "refuse", "put_off", "fault", "pending", "down") and self.hands[which]:
            self._carry(self.hands[which].pop(0), what, which)

    def _carry(self, parcel: Parcel, what: str, which: int) -> None:
        if not self.parcels.prolong(parcel):
            return
        if what == "down":
            self.parcels.service_down(parcel, "tắt")
            self.parcels.put_off(parcel, "tắt")
            self.parcels.release(self.hands[which])
            self.hands[which] = []
            return
        self.seen.setdefault(parcel.record.id, []).append(parcel.revision)
        known = self.answers.get(parcel.key)
        if known is not None:
            self.parcels.answer(parcel, known)
        elif what in ("accept", "refuse"):
            answer = ServiceAnswer(status="accepted" if what == "accept" else "refused", number=parcel.record.id[-6:])
            self.answers[parcel.key] = answer
            self.parcels.answer(parcel, answer)
        elif what == "pending":
            self.parcels.taken(parcel, "đang xử lý")
        else:
            self.parcels.put_off(parcel, "lỗi", fault=what == "fault", answered=True)

    def settle(self) -> None:
        """Everybody who held something is dead; one courier goes on for as long as it takes."""
        self.hands = [[] for _ in range(WORKERS)]
        for _ in range(40):
            self.clock.advance(seconds=1200)
            while parcels := self.parcels.claim(SERVICE, 5):
                for parcel in parcels:
                    self._carry(parcel, "accept", 0)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(
    [("new", 0), ("claim", 0), ("edit", 0), ("wait", 61), ("claim", 1), ("accept", 1), ("accept", 0)]
)  # a slow one
@example([("new", 0), ("claim", 0), ("edit", 0), ("claim", 1), ("accept", 1), ("accept", 0)])  # an edit on the way
@example([("new", 0), ("new", 0), ("claim", 0), ("down", 0), ("wait", 20), ("claim", 1), ("die", 1), ("edit", 1)])
@given(STEPS)
def test_every_newest_revision_is_answered_once_and_in_order(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        town = Town(folder)
        try:
            for what, which in steps:
                town.step(what, which)
                claimed = [(p.record.id, p.holder) for hand in town.hands for p in hand]
                assert len(claimed) == len(set(claimed))
            town.settle()
            left = list(deliveries(town.city.storage))
            assert len(left) == len(town.made)
            for told in left:
                assert told["status"] in ("accepted", "refused")
                assert f"{told['record_id']}:{told['revision']}:{SERVICE}" in town.answers
            for revisions in town.seen.values():
                assert revisions == sorted(revisions)
        finally:
            town.city.close()
