"""How changes meet records, at the city and on the PC."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from forms.definition import Action, ListView, RecordType, State
from forms.field_definition import Field, Section
from forms.label import Label
from sync.difference import difference, get_path, put_path
from sync.merge import judge, replay
from sync.protocol import Change, ChangeKind, Officer, RecordVersion

HA = Officer("o1", "Trần Thu Hà", ("reception",))
NAM = Officer("o2", "Vũ Đức Nam", ("civil_status_officer",))


def label(text: str) -> Label:
    return Label(text, text)


TYPE = RecordType(
    id="t.paper",
    label=label("Giấy"),
    title="name",
    sections=(
        Section(
            "main",
            label("Chính"),
            (
                Field(name="name", type="text", label=label("Tên")),
                Field(name="phone", type="phone", label=label("Điện thoại")),
                Field(name="amount", type="money", label=label("Tiền"), merge_group="fee"),
                Field(name="unit", type="text", label=label("Đơn vị"), merge_group="fee"),
                Field(name="official", type="code", label=label("Mã"), owner="city"),
                Field(name="pages", type="int", label=label("Trang"), locked_from="signed"),
                Field(name="note", type="longtext", label=label("Ghi chú")),
                Field(
                    name="rows",
                    type="group",
                    label=label("Dòng"),
                    fields=(Field(name="what", type="text", label=label("Gì")),),
                ),
            ),
        ),
    ),
    states=(
        State("open", label("Mở")),
        State("signed", label("Đã ký")),
        State("closed", label("Đóng"), kind="final", locked=True, allows=("note",)),
        State("void", label("Hủy"), kind="void"),
    ),
    actions=(
        Action(id="sign", label=label("Ký"), from_=("open",), to="signed"),
        Action(id="close", label=label("Đóng"), from_=("signed",), to="closed"),
    ),
    list_view=ListView(()),
)


def change(
    kind: ChangeKind = "edit",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    *,
    officer: Officer = HA,
    device: str = "Q1",
    **more: Any,
) -> Change:
    defaults: dict[str, Any] = {
        "change_id": f"c-{device}-{sorted((after or {}).items())!r}",
        "save_id": "s",
        "record_id": "r1",
        "type": "t.paper",
        "ward": "00070",
        "at": "2026-11-22T01:00:00Z",
    }
    return Change(
        kind=kind, before=before or {}, after=after or {}, officer=officer, device=device, **{**defaults, **more}
    )


def version(state: str = "open", **fields: Any) -> RecordVersion:
    return RecordVersion(id="r1", type="t.paper", ward="00070", revision=3, state=state, fields=fields)


def test_two_officers_edit_different_fields_and_both_stand() -> None:
    city = version(name="An", phone="+84912345678")
    verdict = judge(TYPE, city, change(before={"name": "An"}, after={"name": "Ân"}))
    assert verdict.result.status == "accepted"
    assert verdict.version is not None
    second = judge(TYPE, verdict.version, change(before={}, after={"note": "gọi lại"}, officer=NAM, device="Q2"))
    assert second.version is not None
    assert second.version.fields == {"name": "Ân", "phone": "+84912345678", "note": "gọi lại"}


def test_two_officers_edit_one_field_and_both_values_are_kept() -> None:
    city = version(phone="+84987654312")
    verdict = judge(TYPE, city, change(before={}, after={"phone": "+84987654321"}))
    assert verdict.result.status == "conflict"
    assert verdict.result.fields == ("phone",)
    assert verdict.version is not None
    assert verdict.version.fields["phone"] == "+84987654312"
    assert verdict.version.conflicts["phone"][0].value == "+84987654321"
    assert verdict.version.conflicts["phone"][0].officer == "Trần Thu Hà"


def test_the_same_value_typed_twice_is_no_conflict() -> None:
    verdict = judge(TYPE, version(name="An"), change(before={}, after={"name": "An"}))
    assert (verdict.result.status, verdict.version) == ("accepted", None)


def test_fields_that_mean_one_thing_clash_together() -> None:
    city = version(amount=5000, unit="bản")
    verdict = judge(TYPE, city, change(before={"unit": "bản"}, after={"amount": 8000, "unit": "trang"}))
    assert set(verdict.result.fields) == {"amount", "unit"}
    assert verdict.version is not None
    assert verdict.version.fields == {"amount": 5000, "unit": "bản"}


def test_editing_in_an_open_conflict_updates_the_candidate() -> None:
    first = judge(TYPE, version(phone="1"), change(before={}, after={"phone": "2"}, change_id="a"))
    assert first.version is not None
    second = judge(TYPE, first.version, change(before={"phone": "2"}, after={"phone": "3"}, change_id="b"))
    assert second.version is not None
    assert [c.value for c in second.version.conflicts["phone"]] == ["3"]


def test_a_resolution_sets_the_value_and_closes_the_conflict() -> None:
    clash = judge(TYPE, version(phone="1"), change(before={}, after={"phone": "2"})).version
    assert clash is not None
    settled = judge(TYPE, clash, change("resolve", {"phone": "1"}, {"phone": "2"}, officer=NAM))
    assert settled.version is not None
    assert settled.version.fields["phone"] == "2"
    assert settled.version.conflicts == {}
    kept = judge(TYPE, clash, change("resolve", {"phone": "1"}, {"phone": "1"}, officer=NAM))
    assert kept.version is not None
    assert (kept.version.fields["phone"], kept.version.conflicts) == ("1", {})


def test_a_locked_field_is_refused_and_nothing_of_the_change_is_applied() -> None:
    city = version("signed", pages=2)
    verdict = judge(TYPE, city, change(before={"pages": 2}, after={"pages": 3, "note": "x"}))
    assert verdict.result.status == "refused"
    assert [p.field for p in verdict.result.problems] == ["pages"]
    assert verdict.version is None
    closed = version("closed", name="An")
    assert judge(TYPE, closed, change(before={"name": "An"}, after={"name": "B"})).result.status == "refused"
    assert judge(TYPE, closed, change(before={}, after={"note": "lưu"})).result.status == "accepted"


def test_an_action_is_all_or_nothing() -> None:
    sign = change("action", {}, {"note": "đủ"}, action="sign", to_state="signed", state="open")
    done = judge(TYPE, version(name="An"), sign)
    assert done.version is not None
    assert (done.version.state, done.version.fields["note"]) == ("signed", "đủ")
    late = judge(TYPE, version("closed", name="An"), sign)
    assert late.result.status == "refused"
    assert "Đóng" in late.result.problems[0].message
    moved = judge(TYPE, version(note="máy khác ghi"), sign)
    assert moved.result.status == "refused"
    assert moved.result.problems[0].field == "note"


def test_the_authoritative_service_keeps_its_value() -> None:
    verdict = judge(TYPE, version(official="H26-1"), change(before={}, after={"official": "TMP", "note": "x"}))
    assert verdict.version is not None
    assert verdict.version.fields == {"official": "H26-1", "note": "x"}


def test_rows_of_a_group_merge_by_row() -> None:
    city = version(rows=[{"_id": "a", "what": "đơn"}, {"_id": "b", "what": "sổ"}])
    mine = change(
        before={"rows/a/what": "đơn"}, after={"rows/a/what": "tờ khai", "rows/c": {"_id": "c", "what": "ảnh"}}
    )
    verdict = judge(TYPE, city, mine)
    assert verdict.version is not None
    assert [r["what"] for r in verdict.version.fields["rows"]] == ["tờ khai", "sổ", "ảnh"]
    gone = judge(TYPE, verdict.version, change(before={"rows/b": {"_id": "b", "what": "sổ"}}, after={"rows/b": None}))
    assert gone.version is not None
    assert [r["_id"] for r in gone.version.fields["rows"]] == ["a", "c"]


def test_impossible_shapes_are_refused_and_unknown_fields_kept() -> None:
    for bad in ({"amount": "8.000"}, {"amount": True}, {"name": ["x"]}, {"rows": [1]}, {"rows/a": 3}, {"name/x": "y"}):
        assert judge(TYPE, version(), change(before={}, after=bad)).result.status == "refused"
    newer = judge(TYPE, version(), change(before={}, after={"field_of_next_year": {"x": 1}}))
    assert newer.version is not None
    assert newer.version.fields == {"field_of_next_year": {"x": 1}}


def test_an_action_the_city_overtook_is_not_shown_as_done() -> None:
    sign = change("action", action="sign", to_state="signed", state="open")
    assert replay(TYPE, version("closed"), [sign]).state == "closed"
    assert replay(TYPE, version("open"), [sign]).state == "signed"


NAMES = st.sampled_from(["name", "note", "phone", "unit"])
VALUES = st.one_of(st.none(), st.text("abc", max_size=2))
FIELDS = st.dictionaries(NAMES, VALUES.filter(lambda v: v is not None))
ROWS = st.lists(st.tuples(st.sampled_from("pqrs"), st.text("xy", max_size=2)), max_size=4, unique_by=lambda r: r[0])


def record(fields: dict[str, Any], rows: list[tuple[str, str]]) -> dict[str, Any]:
    return {**fields, **({"rows": [{"_id": i, "what": w} for i, w in rows]} if rows else {})}


@given(FIELDS, ROWS, FIELDS, ROWS)
def test_a_difference_applied_gives_the_new_record(
    old: dict[str, Any], old_rows: list[tuple[str, str]], new: dict[str, Any], new_rows: list[tuple[str, str]]
) -> None:
    was, now = record(old, old_rows), record(new, new_rows)
    before, after = difference(TYPE, was, now)
    result = dict(was)
    for key, value in after.items():
        assert get_path(was, key) == before[key]
        put_path(result, key, value)
    order = {r["_id"]: r for r in result.pop("rows", [])}
    assert order == {r["_id"]: r for r in now.pop("rows", [])}
    assert {k: v for k, v in result.items() if v} == {k: v for k, v in now.items() if v}


@given(FIELDS, st.lists(st.tuples(NAMES, VALUES, st.sampled_from(["Q1", "Q2"])), max_size=8))
def test_no_value_is_lost_whatever_the_order(start: dict[str, Any], edits: list[tuple[str, Any, str]]) -> None:
    """Every value an officer saved is the city's value, or a candidate, or was replaced by one who had seen it."""
    city = version(**start)
    seen = {"Q1": dict(start), "Q2": dict(start)}
    for i, (name, value, device) in enumerate(edits):
        old = seen[device].get(name)
        if old == value:
            continue
        verdict = judge(TYPE, city, change(before={name: old}, after={name: value}, device=device, change_id=f"c{i}"))
        seen[device][name] = value
        city = verdict.version or city
        candidates = [c.value for c in city.conflicts.get(name, ())]
        assert city.fields.get(name) == value or value in candidates
    assert structs.asdict(city)["revision"] == 3


def test_a_refusal_is_said_in_both_languages_and_an_older_city_s_in_its_own() -> None:
    import msgspec

    from sync.protocol import ChangeResult

    wrong = Change(
        change_id="c1", save_id="s1", record_id="r1", type="t.paper", ward="00070", kind="action", action="fly",
        before={}, after={}, base_revision=1, state="open", number=None, pack="1", officer=HA, at="2026-11-23T02:00:00Z",
    )  # fmt: skip
    present = RecordVersion(id="r1", type="t.paper", ward="00070", revision=1, state="open", number=None, fields={})
    (problem,) = judge(TYPE, present, wrong).result.problems
    assert "fly" in problem.label.vi
    assert problem.label.en == "This register has no action “fly”."
    older = b'{"change_id":"c1","status":"refused","problems":[{"field":"","message":"Kh\xc3\xb4ng","value":null}]}'
    (told,) = msgspec.json.decode(older, type=ChangeResult).problems
    assert told.label == Label("Không", "Không")
