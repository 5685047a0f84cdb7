"""What comes next: the table that today's page reads is always what judging every record anew would give."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from forms.definition import Catalog, RecordType
from forms.field_definition import Section
from forms.flow_definition import Flow
from forms.flows import mark_of
from sync.clock import FixedClock
from sync.protocol import PullAnswer, RecordVersion
from sync.store import Store
from sync.store.model import Record, Save
from tests.sync.store import ward
from tests.sync.store.ward import CLERK, WARD, a_field, label


def with_field(record_type: RecordType, *fields: Any) -> RecordType:
    section: Section = record_type.sections[0]
    return structs.replace(record_type, sections=(structs.replace(section, fields=(*section.fields, *fields)),))


DOSSIER = structs.replace(
    with_field(ward.DOSSIER, a_field("copies", "refs", targets=(ward.COPY.id,))),
    actions=(*ward.DOSSIER.actions, ward.an_action("note", ("accepted", "waiting"), "=", asks=("copies",))),
)
COPY = with_field(ward.COPY, a_field("dossier", "ref", targets=(DOSSIER.id,)))
MAKES_COPY = Flow(
    id="makes_copy", label=label("copy"), from_=DOSSIER.id, states=("accepted", "waiting"),
    where='look(applicant, "full_name") != null', to=COPY.id, link="dossier", roles=("clerk",),
)  # fmt: skip
CLOSES = Flow(
    id="closes", label=label("close"), from_=COPY.id, states=("received",), finds="dossier", to=DOSSIER.id, action="finish"
)  # fmt: skip
NOTES = Flow(
    id="notes", label=label("note"), from_=COPY.id, states=("certified",), finds="dossier", to=DOSSIER.id, action="note",
    link="copies",
)  # fmt: skip
OFFERED = structs.replace(MAKES_COPY, id="offered", mode="offer")
FLOWS = (MAKES_COPY, CLOSES, NOTES, OFFERED)


def catalog_of(*flows: Flow) -> Catalog:
    """The ward's catalogue with flows at its first tool."""
    changed = {COPY.id: COPY, DOSSIER.id: DOSSIER}
    tools = [
        structs.replace(tool, records=tuple(changed.get(record.id, record) for record in tool.records))
        for tool in ward.CATALOG.tools
    ]
    return structs.replace(ward.CATALOG, tools=(structs.replace(tools[0], flows=flows), *tools[1:]))


def kept(store: Store) -> set[tuple[str, str]]:
    """(record, flow) of every row, whoever's work it is."""
    with store._context.readers.connection() as db:
        sql = "SELECT r.id, p.flow FROM proposals p JOIN records r ON r.rid = p.source"
        return set(db.execute(sql).fetchall())


def judged(store: Store) -> set[tuple[str, str]]:
    with store._context.readers.connection() as db:
        ids = [i for (i,) in db.execute("SELECT id FROM records")]
    return {
        (record.id, proposal.flow.key)
        for record in store.records.load_many(ids)
        for proposal in store.proposals.of(record)
        if proposal.is_open and proposal.flow.mode != "offer"
    }


PEOPLE, DOSSIERS, COPIES = ("p1", "p2"), ("d1", "d2", "d3"), ("c1", "c2", "c3")
pick = st.sampled_from
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("person"), pick(PEOPLE), st.booleans(), st.none()),
        st.tuples(st.just("dossier"), pick(DOSSIERS), pick(PEOPLE), pick(("draft", "accepted", "waiting", "done"))),
        st.tuples(st.just("copy"), pick(COPIES), pick((*DOSSIERS, None)), pick(("received", "certified", "refused"))),
        st.tuples(st.just("dismiss"), pick(DOSSIERS), st.booleans(), st.none()),
        st.tuples(st.just("act"), pick(DOSSIERS), pick(("receive", "wait", "finish", "note")), pick(COPIES)),
    ),
    max_size=14,
)


def take(store: Store, step: tuple[str, str, Any, Any], revision: int) -> None:
    what, record_id, other, state = step
    record = store.records.load(record_id)
    if what == "dismiss" and record is not None:
        mark = {"reason": "x"} if other else None
        store.save([Save(type=DOSSIER.id, fields={**record.fields, mark_of(MAKES_COPY): mark}, opened=record)], CLERK)
    elif what == "act" and record is not None and record.state in DOSSIER.action(other).from_:
        fields = {**record.fields, **({"copies": [state]} if other == "note" else {})}
        store.save([Save(type=DOSSIER.id, fields=fields, opened=record, action=other)], CLERK)
    elif what in ("person", "dossier", "copy"):
        type_id, fields = {
            "person": (ward.CITIZEN.id, {"full_name": "Lê Mẫu"} if other else {}),
            "dossier": (DOSSIER.id, {"subject": "x", "applicant": other}),
            "copy": (COPY.id, {"document": "x", **({"dossier": other} if other else {})}),
        }[what]
        version = RecordVersion(
            id=record_id, type=type_id, ward=WARD, revision=revision, state=state or "active", fields=fields,
            created_at="2026-11-20T02:00:00Z", updated_at="2026-11-20T02:00:00Z", pack="1",
        )  # fmt: skip
        scope = store.catalog.record_type(type_id).scope
        store.changes.apply_pull(PullAnswer(records=(version,), cursor=revision, more=False), WARD, scope)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_the_table_is_what_judging_anew_gives_and_so_is_a_rebuild(steps: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        path, clock = Path(folder) / "p", FixedClock(ward.NOW)
        with Store.create(path, ward.KEY, catalog_of(*FLOWS), clock) as store:
            store.set_enrolment(ward.ENROLMENT)
            for revision, step in enumerate(steps, start=1):
                take(store, step, revision)
                assert kept(store) == judged(store), step
            rows = kept(store)
        with Store.open(path, ward.KEY, catalog_of(), clock) as bare:
            assert kept(bare) == set()
        with Store.open(path, ward.KEY, catalog_of(*FLOWS), clock) as again:
            assert kept(again) == rows


def a_store(folder: Path, clock: FixedClock) -> Store:
    store = Store.create(folder, ward.KEY, catalog_of(*FLOWS), clock)
    store.set_enrolment(ward.ENROLMENT)
    return store


def accepted_dossier(store: Store) -> Record:
    person, dossier = store.save(
        [
            Save(type=ward.CITIZEN.id, fields={"full_name": "Lê Mẫu"}, id="p1"),
            Save(type=DOSSIER.id, fields={"subject": "x", "applicant": "p1"}, state="accepted"),
        ],
        CLERK,
    )
    assert person.id == "p1"
    return dossier


def test_work_is_listed_for_its_roles_and_within_what_they_see(folder: Path, clock: FixedClock) -> None:
    with a_store(folder, clock) as store:
        dossier = accepted_dossier(store)
        (row,) = store.proposals.waiting(("clerk",))
        assert (row.record.id, row.flow, row.to, row.target) == (dossier.id, MAKES_COPY.key, COPY.id, None)
        assert store.proposals.waiting(("office_head",)) == ()
        assert store.proposals.waiting(("clerk",), {DOSSIER.id}) == ()  # the register it leads to is not seen
        assert store.proposals.waiting(("clerk",), {COPY.id, ward.CITIZEN.id}) == ()  # nor may its source be told of
        assert len(store.proposals.waiting(("clerk",), {COPY.id, DOSSIER.id})) == 1
        assert store.proposals.waiting(("clerk",), since="2026-11-21T00:00:00Z") == ()


def test_a_record_that_follows_ends_it_and_one_that_is_void_brings_it_back(folder: Path, clock: FixedClock) -> None:
    with a_store(folder, clock) as store:
        dossier = accepted_dossier(store)
        (copy,) = store.save([Save(type=COPY.id, fields={"document": "x", "dossier": dossier.id})], CLERK)
        assert [row.flow for row in store.proposals.waiting(("clerk",))] == [CLOSES.key]
        assert [p.done for p in store.proposals.of(dossier)] == [copy.id, copy.id]
        store.save([Save(type=COPY.id, fields=dict(copy.fields), opened=copy, action="refuse")], CLERK)
        assert [row.flow for row in store.proposals.waiting(("clerk",))] == [MAKES_COPY.key]


def test_an_action_that_keeps_the_state_is_told_by_what_the_record_says_it_was_taken_for(
    folder: Path, clock: FixedClock
) -> None:
    with a_store(folder, clock) as store:
        dossier = accepted_dossier(store)
        copies = store.save(
            [
                Save(type=COPY.id, fields={"document": n, "dossier": dossier.id}, action="certify")
                for n in ("một", "hai")
            ],
            CLERK,
        )
        first, second = copies
        assert {row.record.id for row in store.proposals.waiting(("clerk",))} == {first.id, second.id}
        noted = {**dossier.fields, "copies": [first.id]}
        store.save([Save(type=DOSSIER.id, fields=noted, opened=dossier, action="note")], CLERK)
        assert [row.record.id for row in store.proposals.waiting(("clerk",))] == [second.id]
        assert [p.done for p in store.proposals.of(first)] == [dossier.id]
        assert [p.is_open for p in store.proposals.of(second)] == [True]


def test_what_nobody_touched_for_over_a_year_proposes_on_its_own_page_alone(tmp_path: Path) -> None:
    """A new PC takes in years of registers; what comes next after old records is nobody's work of today."""
    catalog = catalog_of(CLOSES, MAKES_COPY)
    clock = FixedClock(ward.NOW)
    with Store.create(tmp_path, ward.KEY, catalog, clock) as store:
        store.set_enrolment(ward.ENROLMENT)
        citizen = ward.version("c", ward.CITIZEN, 1, {"full_name": "Lê Thị Mẫu"})
        dossiers = [
            structs.replace(
                ward.version(record_id, DOSSIER, 1, {"subject": "S", "applicant": "c"}, state="accepted"), updated_at=at
            )
            for record_id, at in (("old", "2025-10-01T01:00:00Z"), ("new", "2026-01-01T01:00:00Z"))
        ]
        store.changes.apply_pull(PullAnswer(records=(citizen, *dossiers), cursor=3), WARD, "onestop")
        assert {record_id for record_id, _ in kept(store)} == {"new"}
        old = store.records.load("old")
        assert old is not None
        assert [proposal.is_open for proposal in store.proposals.of(old)] == [True]
