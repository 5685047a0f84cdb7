"""Any mix of saves, answers and pulls: what is shown is a replay, counts are recounts, the digest is a resum."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec import structs

from sync.clock import FixedClock
from sync.merge import judge
from sync.protocol import ChangeResult, PullAnswer, RecordVersion
from sync.store import Store
from sync.store.model import Record, Save, SaveRefused
from tests.sync.store import soundness, ward
from tests.sync.store.ward import CITIZEN, CLERK, DOSSIER, WARD

NAMES = st.sampled_from(["Đường", "An Bình", "Lê Hòa", "Đỗ Ý", ""])
FIELD = st.sampled_from(["subject", "note", "phone", "applicant"])


class StoreMachine(RuleBasedStateMachine):
    """A PC beside a city that judges by the same rules and counts revisions of its stream."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self.clock = FixedClock(ward.NOW)
        self.store = Store.create(self.folder / "s", ward.KEY, ward.CATALOG, self.clock)
        self.store.set_enrolment(ward.ENROLMENT)
        self.city: dict[str, RecordVersion] = {}
        self.revision = 0
        self.ids: list[str] = []
        self.opened: list[Record] = []

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def a_record(self, data: st.DataObject) -> Record:
        record = self.store.records.load(data.draw(st.sampled_from(self.ids)))
        assert record is not None
        return record

    @rule(name=NAMES, note=NAMES)
    def begin(self, name: str, note: str) -> None:
        self.clock.advance(seconds=1)
        saved = self.store.save(
            [
                Save(type=CITIZEN.id, fields={"full_name": name or None}),
                Save(type=DOSSIER.id, fields={"subject": name, "note": note or None}),
            ],
            CLERK,
        )
        self.ids += [r.id for r in saved]

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def open_form(self, data: st.DataObject) -> None:
        self.opened.append(self.a_record(data))

    @precondition(lambda self: self.opened)
    @rule(data=st.data(), field=FIELD, value=NAMES)
    def edit(self, data: st.DataObject, field: str, value: str) -> None:
        opened = data.draw(st.sampled_from(self.opened))
        if opened.type == CITIZEN.id:
            field = "full_name"
        fields = {**opened.fields, field: value or None}
        self.save(Save(type=opened.type, opened=opened, fields=fields))

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), action=st.sampled_from(["receive", "wait", "finish"]))
    def act(self, data: st.DataObject, action: str) -> None:
        record = self.a_record(data)
        if record.type == DOSSIER.id:
            self.save(Save(type=record.type, opened=record, fields={**record.fields, "note": "xong"}, action=action))

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def resolve(self, data: st.DataObject) -> None:
        record = self.a_record(data)
        if record.conflicts:
            self.save(Save(type=record.type, opened=record, fields=record.fields, kind="resolve"))

    def save(self, save: Save) -> None:
        self.clock.advance(seconds=1)
        try:
            self.store.save([save], CLERK)
        except SaveRefused:
            assert save.opened is not None

    @rule(count=st.integers(1, 5), refused=st.integers(0, 9), lost=st.booleans())
    def push(self, count: int, refused: int, lost: bool) -> None:
        """The city judges; sometimes it refuses one; sometimes its answer is lost on the way."""
        results = []
        parked: set[str] = set()
        for place, change in enumerate(self.store.changes.pending(count)):
            judgement = judge(ward.CATALOG.record_type(change.type), self.city.get(change.record_id), change)
            if place == refused or change.record_id in parked or judgement.result.status == "refused":
                if change.record_id not in parked:
                    results.append(ChangeResult(change_id=change.change_id, status="refused"))
                parked.add(change.record_id)
                continue
            if judgement.version is not None:
                self.revision += 1
                self.city[change.record_id] = structs.replace(judgement.version, revision=self.revision)
            revision = self.city[change.record_id].revision
            results.append(structs.replace(judgement.result, revision=revision))
        if not lost:
            self.store.changes.acknowledge(results)

    @precondition(lambda self: self.city)
    @rule(data=st.data(), value=NAMES)
    def somebody_else_edits(self, data: st.DataObject, value: str) -> None:
        version = self.city[data.draw(st.sampled_from(sorted(self.city)))]
        name = "full_name" if version.type == CITIZEN.id else "note"
        self.revision += 1
        self.city[version.id] = structs.replace(
            version, revision=self.revision, fields={**version.fields, name: value or "khác"}
        )

    @rule(since=st.integers(0, 60))
    def pull(self, since: int) -> None:
        for scope in ("people", "onestop"):
            news = [v for v in self.city.values() if v.scope == scope and v.revision > since]
            news.sort(key=lambda v: v.revision)
            self.store.changes.apply_pull(PullAnswer(records=tuple(news), cursor=self.revision), WARD, scope)

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        self.store.changes.retry(data.draw(st.sampled_from(self.ids)))

    @invariant()
    def sound(self) -> None:
        soundness.check(self.store)

    @invariant()
    def nothing_is_lost(self) -> None:
        records = self.store.records.load_many(self.ids)
        assert [r.id for r in records] == self.ids
        for record in records:
            if record.title:
                assert soundness.found_by_title(self.store, record.title, record.id)

    @invariant()
    def synced_is_said_only_when_true(self) -> None:
        waiting = {row.change.record_id for row in self.store.changes.outbox()}
        for record in self.store.records.load_many(self.ids):
            assert (record.standing == "city") == (record.id not in waiting and not record.conflicts)


StoreMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestStoreMachine = StoreMachine.TestCase
