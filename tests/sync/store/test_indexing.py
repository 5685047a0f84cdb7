"""What came in bulk is found before it is in the search index, and after, in the same order."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.clock import FixedClock, moment_text
from sync.ids import IdSource
from sync.protocol import PullAnswer, RecordVersion
from sync.store import Store, indexing
from sync.store.model import ListQuery, Save
from tests.sync.store import soundness, ward
from tests.sync.store.ward import CITIZEN, CLERK, DOSSIER, WARD

MANY = indexing.FROM + 40
WORDS = ("Nguyễn", "Trần", "Đặng", "Thị", "Ánh", "An", "Anh", "Đường", "Sơn", "k-12/HC", "x_y", "01/2026", "ước")


@pytest.fixture
def chance() -> random.Random:
    return random.Random(11)


def people(clock: FixedClock, chance: random.Random, count: int) -> Iterator[RecordVersion]:
    ids = IdSource(clock, chance.getrandbits)
    for n in range(count):
        clock.advance(seconds=1)
        fields = {
            "full_name": " ".join(chance.choices(WORDS, k=3)),
            "personal_id": f"0011900{chance.randrange(100_000):05d}",
            "phone": f"+849{chance.randrange(10**8):08d}",
        }
        yield ward.version(ids.new(), CITIZEN, n + 1, fields)


def pull(store: Store, versions: list[RecordVersion]) -> None:
    store.changes.apply_pull(PullAnswer(records=tuple(versions), cursor=1), WARD, CITIZEN.scope)


def found(store: Store, text: str) -> tuple[object, ...]:
    narrowed = store.records.page(ListQuery(type=CITIZEN.id, text=text, limit=50))
    return (
        [hit.id for hit in store.search.find(text)],
        [hit.id for hit in store.search.find(text, types=(CITIZEN.id,))],
        [hit.id for hit in store.search.find(text, types=(DOSSIER.id,))],
        [record.id for record in narrowed.records],
        narrowed.total,
    )


def test_the_search_box_finds_the_same_before_and_after(store: Store, clock: FixedClock, chance: random.Random) -> None:
    pull(store, list(people(clock, chance, MANY)))
    store.save([Save(type=CITIZEN.id, fields={"full_name": "Nguyễn Thị Mới"})], CLERK)  # in the index at once
    assert store.indexing.waiting() == MANY
    typed = [*WORDS, *(w[:2] for w in WORDS), "nguyen th", "an so", "duong", "k-1", "x", "12 hc", "001190", "09", "84"]
    typed += [str(store.records.load(hit.id).fields[name])[cut] for hit in store.search.find("an", limit=20)
              for name, cut in (("personal_id", slice(-6, None)), ("phone", slice(-4, None)), ("phone", slice(1, 9)))]  # fmt: skip
    before = {text: found(store, text) for text in typed}
    assert sum(bool(hits[0]) for hits in before.values()) > len(typed) // 2
    soundness.check(store)
    store.indexing.run()
    assert store.indexing.waiting() == 0
    soundness.check(store)
    assert {text: found(store, text) for text in typed} == before


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text("aAnđĐ19+84-_/. ²ß", min_size=1, max_size=9), min_size=1, max_size=3))
def test_whatever_is_typed_means_the_same_to_both(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    clock = FixedClock(ward.NOW)
    with Store.create(tmp_path_factory.mktemp("store"), ward.KEY, ward.CATALOG, clock) as store:
        names = ["".join(parts), *parts, *(part[:-1] for part in parts), "An An", "ann", "a", "0911111111"]
        ids = IdSource(clock)
        records = [ward.version(ids.new(), CITIZEN, n, {"full_name": name}) for n, name in enumerate(names * 8, 1)]
        records += [ward.version(ids.new(), CITIZEN, 1, {"full_name": f"x{n}"}) for n in range(indexing.FROM)]
        pull(store, records)
        assert store.indexing.waiting() == len(records)
        before = [found(store, text) for text in names]
        store.indexing.run()
        assert [found(store, text) for text in names] == before


def test_an_edit_of_what_waits_is_found_by_its_new_words_alone(
    store: Store, clock: FixedClock, chance: random.Random
) -> None:
    versions = list(people(clock, chance, MANY))
    pull(store, versions)
    opened = store.records.load(versions[7].id)
    store.save([Save(type=CITIZEN.id, opened=opened, fields={**opened.fields, "full_name": "Hoàng Sửa"})], CLERK)
    newer = ward.version(versions[8].id, CITIZEN, MANY + 1, {"full_name": "Hoàng Từ Thành phố"})
    pull(store, [newer])
    for _ in range(2):
        hits = {hit.id for hit in store.search.find("hoang")}
        assert hits == {versions[7].id, versions[8].id}
        assert versions[8].id not in {h.id for h in store.search.find(str(versions[8].fields["personal_id"]))}
        soundness.check(store)
        store.indexing.run()


def test_a_cut_in_between_loses_nothing(
    store: Store, clock: FixedClock, chance: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "_BATCH", 30)
    monkeypatch.setattr(indexing, "_LARGEST_COMMIT", 60)
    pull(store, list(people(clock, chance, MANY)))

    def cut() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        store.indexing.run(progress=cut)
    assert 0 < store.indexing.waiting() < MANY
    soundness.check(store)
    store.indexing.run()
    assert store.indexing.waiting() == 0
    soundness.check(store)


def test_a_pull_leaves_no_more_than_the_search_box_reads(
    store: Store, clock: FixedClock, chance: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.store.changes.READ_AT_MOST", MANY + 50)
    first, second = list(people(clock, chance, MANY)), list(people(clock, chance, MANY))
    pull(store, first)
    assert store.indexing.waiting() == MANY
    pull(store, second)
    assert store.indexing.waiting() <= MANY + 50
    soundness.check(store)
    oldest, newest = first[0], second[-1]
    for version in (oldest, newest):
        number = str(version.fields["personal_id"])
        assert version.id in {hit.id for hit in store.search.find(number)}
    assert moment_text(clock.now())
