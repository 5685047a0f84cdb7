"""What goes in comes out: the line's own form says exactly what the messages say, whatever they hold."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync.columns import get_ids, get_rows, put_ids, put_moment, put_rows
from sync.columns import moment as moment_of
from sync.line_changes import get_changes, put_changes
from sync.line_form import get_answer, get_request, put_answer, put_request
from sync.protocol import (
    Candidate,
    Change,
    ChangeResult,
    DeliveryState,
    FieldProblem,
    Officer,
    RecordVersion,
    StreamNews,
    SyncAnswer,
    SyncRequest,
)
from sync.squeeze import squeeze, unsqueeze

UUIDS = st.uuids().map(str)
IDS = UUIDS | st.text(max_size=40) | UUIDS.map(str.upper) | UUIDS.map(lambda u: u.replace("-", " "))
MOMENTS = (
    st.datetimes().map(lambda d: f"{d:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0"))
    | st.text(max_size=22)
    | st.sampled_from(["2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-1-01T00:00:000Z", "٢٠٢٦-01-01T00:00:00Z"])
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | IDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.dictionaries(st.sampled_from(["name", "ref", "rows/1/x", "due", ""]), VALUES, max_size=4)
TYPES = st.sampled_from(["a.b", "c.d"])
OPTIONAL = st.none() | st.text(max_size=8)
OFFICERS = st.builds(
    Officer, IDS, st.text(max_size=9), st.lists(st.text(max_size=5), max_size=2).map(tuple), st.text(max_size=5)
)
SMALL = st.integers(0, 2**40)
CLOCKS = st.text(max_size=20) | st.builds(lambda ms, n: f"{ms:012x}-{n:04x}-Q1", SMALL, st.integers(0, 0xFFFF))
CHANGES = st.builds(
    Change, change_id=IDS, save_id=IDS, record_id=IDS, type=TYPES, ward=st.text(max_size=5),
    kind=st.sampled_from(["create", "edit", "action", "resolve", "void"]), before=FIELDS, after=FIELDS,
    base_revision=SMALL, state=st.text(max_size=5), to_state=OPTIONAL, action=OPTIONAL, number=OPTIONAL, reason=OPTIONAL,
    pack=st.text(max_size=5), officer=OFFICERS, device=st.sampled_from(["", "Q1", "Q22"]), device_seq=SMALL, at=MOMENTS,
    clock=CLOCKS, in_place_of=st.lists(IDS, max_size=2).map(tuple),
)  # fmt: skip
PROBLEMS = st.builds(FieldProblem, st.text(max_size=5), st.text(max_size=9), VALUES, st.text(max_size=9))
RESULTS = st.builds(
    ChangeResult, change_id=UUIDS, status=st.sampled_from(["accepted", "conflict", "refused"]), revision=st.integers(0, 99),
    fields=st.lists(st.text(max_size=4), max_size=2).map(tuple), problems=st.lists(PROBLEMS, max_size=2).map(tuple),
    duplicate=st.booleans(), taken_before=st.dictionaries(UUIDS, st.integers(1, 99), max_size=1),
)  # fmt: skip
CANDIDATES = st.builds(Candidate, VALUES, VALUES, IDS, st.text(max_size=5), st.text(max_size=4), MOMENTS)
VERSIONS = st.builds(
    RecordVersion, id=IDS, type=TYPES, ward=st.text(max_size=5), scope=st.text(max_size=5), revision=SMALL,
    state=st.text(max_size=5), number=OPTIONAL, fields=FIELDS,
    conflicts=st.dictionaries(st.text(max_size=4), st.lists(CANDIDATES, min_size=1, max_size=2).map(tuple), max_size=2),
    created_at=MOMENTS, updated_at=MOMENTS, updated_by=st.text(max_size=5), origin=st.text(max_size=5), pack=st.text(max_size=5),
)  # fmt: skip
DELIVERIES = st.builds(
    DeliveryState, record_id=IDS, service=st.text(max_size=4), revision=SMALL, status=st.just("sent")
)
NEWS = st.builds(
    StreamNews, stream=st.integers(0, 9), records=st.lists(VERSIONS, max_size=5).map(tuple),
    deliveries=st.lists(DELIVERIES, max_size=2).map(tuple), cursor=SMALL, more=st.booleans(), own=st.binary(max_size=8),
)  # fmt: skip


@given(st.lists(CHANGES, max_size=6), st.lists(OFFICERS, max_size=2), st.binary(max_size=8))
def test_a_request_comes_out_as_it_went_in(changes: list[Change], officers: list[Officer], known: bytes) -> None:
    request = SyncRequest(known=known, changes=tuple(changes), cursors=(1, 0, 9), limit=5)
    officers += [change.officer for change in changes[:1]]
    head, opened = get_request(put_request(request, officers))
    assert head == msgspec.structs.replace(request, changes=())
    got = tuple(msgspec.msgpack.decode(msgspec.msgpack.encode(c), type=Change) for c in opened(officers))
    assert got == tuple(changes)
    # equal is not enough: 1 and True are, and a change is kept byte by byte
    assert msgspec.json.encode(got, order="sorted", enc_hook=list) == msgspec.json.encode(changes, order="sorted")


def made_by_q1(ms: int, late: int, step: int, text: str, typed: bool) -> Change:
    """As a device writes it: the id tells the millisecond, the clock stands near it and the moment is the clock's."""
    clock = max(0, ms + late)
    return Change(
        change_id=f"{ms:012x}"[:8] + f"-{f'{ms:012x}'[8:]}-7{step & 0xFFF:03x}-8000-00000000000{step & 15:x}", save_id="s",
        record_id="r", type="a.b", ward="w", kind="edit", officer=Officer("o", "An"), device="Q1",
        at=text if typed else moment_of(clock // 1000), clock=f"{clock:012x}-{step:04x}-Q1",
    )  # fmt: skip


QUICK = st.builds(
    made_by_q1, st.integers(0, 2**47), st.integers(-9000, 9000), st.integers(0, 0xFFFF), MOMENTS, st.booleans()
)


@given(st.lists(QUICK, max_size=6), CHANGES)
@example([made_by_q1(1_790_000_000_000, 3, 1, "", False)] * 2, made_by_q1(2**47, 0, 7, "12:00", True))
def test_changes_of_one_device_are_written_the_quick_way_as_they_are_one_by_one(
    changes: list[Change], other: Change
) -> None:
    quick, mixed = put_changes(changes, []), put_changes([*changes, other], [])
    assert (quick.at, quick.clocks) == (mixed.at[:-1], mixed.clocks[:-1])
    assert list(get_changes(quick, [])) == changes
    assert list(get_changes(mixed, [])) == [*changes, other]


def changes_of(results: list[ChangeResult]) -> Iterator[Change]:
    for place, result in enumerate(results):
        yield Change(
            change_id=result.change_id, save_id="s", record_id=f"r{place}", type="a.b", ward="w", kind="edit",
            officer=Officer("o", "An"), at="",
        )  # fmt: skip


@given(st.lists(RESULTS, max_size=5), st.lists(NEWS, max_size=3), MOMENTS)
def test_an_answer_comes_out_as_it_went_in(results: list[ChangeResult], news: list[StreamNews], time: str) -> None:
    answer = SyncAnswer(time=time, mark=b"m", results=tuple(results), news=tuple(news), digest=b"12345678")
    asked = tuple(changes_of(results))
    got = get_answer(put_answer(answer, [change.record_id for change in asked]), asked)
    assert got == answer
    assert msgspec.json.encode(got, order="sorted", enc_hook=list) == msgspec.json.encode(answer, order="sorted")


@given(st.lists(IDS, max_size=5), st.lists(UUIDS, max_size=5))
def test_ids(odd: list[str], even: list[str]) -> None:
    assert get_ids(put_ids(odd)) == odd
    assert get_ids(put_ids(even)) == even
    assert put_ids(even).texts == []


@given(MOMENTS)
def test_moments(text: str) -> None:
    assert moment_of(put_moment(text)) == text


@given(st.binary(max_size=300))
def test_rubbish_is_refused_and_nothing_worse(body: bytes) -> None:
    for read in (get_request, lambda content: get_answer(content, ())):
        try:
            got = read(body)
            if isinstance(got, tuple):
                list(got[1]([]))
        except ValueError:
            pass


@pytest.mark.parametrize("cut", range(8))
def test_columns_of_unequal_length_are_refused(cut: int) -> None:
    rows = put_rows(["a", "a", "b"], [{"x": 1, "y": 2}, {"x": 3}, {"y": 4}])
    if cut < 3:
        rows.cells[cut].append(9)
    elif cut < 6:
        rows.cells[cut - 3].pop()
    elif cut == 6:
        rows.of.append(7)
    else:
        rows.cells.pop()
    with pytest.raises(ValueError, match=r"."):
        get_rows(rows)


def test_a_squeezed_bomb_is_not_unpacked() -> None:
    assert unsqueeze(squeeze(b"\0" * 50_000_000, 3), 1_000_000) is None
    with pytest.raises(ValueError, match=r"."):
        unsqueeze(b"not squeezed", 1000)
    assert unsqueeze(squeeze(b"x" * 1000, 3), 1000) == b"x" * 1000
