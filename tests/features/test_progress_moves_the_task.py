"""A leader assigns by the responsibility map, the officer reports progress on another PC, and an extension is granted."""

from __future__ import annotations

from typing import Any

from tests.features.story import Counter, Town

TASK, UPDATE, MAP, OFFICER = "governance.task", "governance.task_update", "governance.responsibility", "hr.officer"
LEADER = ("vice_chair", "office_head")


def _sample_officers(counter: Counter, count: int) -> list[str]:
    path = str(counter.folder / "officers.ndjson")
    counter.must("sample", OFFICER, str(count), path)
    counter.must("import", OFFICER, path)
    return [officer["id"] for officer in counter.all(OFFICER)]


def _task_by_the_map(leader: Counter) -> tuple[str, str]:
    """A task assigned with nobody named, and who the map gives it to."""
    head, worker, substitute = _sample_officers(leader, 3)
    line = leader.takes_in(
        MAP,
        {
            "domain": "Chuyển đổi số", "work_item": "Số hóa kết quả", "accountable_ref": head, "responsible_ref": worker,
            "substitute_ref": substitute, "valid_from": "12/01/2026",
        },
    )  # fmt: skip
    leader.acts(line, "put_in_force")
    task = leader.takes_in(
        TASK,
        {
            "title": "Số hóa kết quả còn hiệu lực", "program": "internal", "responsibility_ref": line,
            "product": "Kho kết quả", "product_kind": "data", "start_date": "01/06/2026", "due_date": "31/12/2099",
        },
    )  # fmt: skip
    assigned = leader.acts(task, "assign")
    assert assigned["fields"]["slip_no"]
    assert (assigned["fields"]["owner_ref"], assigned["fields"]["leader_ref"]) == (worker, head)
    return task, worker


def _reports(counter: Counter, task: str, by: str, **fields: Any) -> Any:
    return counter.acts(_written(counter, task, by, **fields), "record")


def _written(counter: Counter, task: str, by: str, **fields: Any) -> str:
    told = {"task_ref": task, "by_ref": by, "updated_at": "20/11/2026 08:00", "done_text": "Đã quét"}
    return counter.takes_in(UPDATE, told | fields)


def test_a_progress_record_moves_the_task_on_every_pc(town: Town) -> None:
    leader, officer = town.counter("Đỗ Quang Huy", *LEADER), town.counter("Vũ Đức Nam", "officer_field")
    task, worker = _task_by_the_map(leader)
    leader.syncs()
    officer.syncs()
    _reports(officer, task, worker, percent=30, issue="Máy quét hỏng")
    seen = officer.sees(task)
    assert (seen["state"], seen["fields"]["percent"], seen["fields"]["bottleneck"]) == ("doing", 30, "Máy quét hỏng")
    _reports(officer, task, worker, percent=55)
    assert officer.sees(task)["fields"]["percent"] == 55  # the second one too
    officer.syncs()
    leader.syncs()
    assert leader.sees(task)["fields"]["percent"] == 55
    assert town.records()[task]["fields"]["percent"] == 55


def test_less_than_before_needs_a_reason(town: Town) -> None:
    leader = town.counter("Đỗ Quang Huy", *LEADER)
    task, worker = _task_by_the_map(leader)
    _reports(leader, task, worker, percent=60)
    update = _written(leader, task, worker, percent=40)
    assert leader.run("act", update, "record").code == 1
    leader.writes(update, lower_reason="Ba tổ phải làm lại")
    leader.acts(update, "record")
    assert leader.sees(task)["fields"]["percent"] == 40


def test_an_extension_moves_the_date_only_when_a_leader_grants_it(town: Town) -> None:
    leader, officer = town.counter("Đỗ Quang Huy", *LEADER), town.counter("Vũ Đức Nam", "officer_field")
    task, worker = _task_by_the_map(leader)
    leader.syncs()
    officer.syncs()
    refused = officer.writes_lines(TASK, [{"id": task, "fields": {"due_date": "31/01/2100"}}])
    assert refused["accepted"] == 0
    asked = _reports(officer, task, worker, percent=30, new_due="2100-01-31", new_due_reason="Sổ nhiều hơn dự kiến")
    assert officer.run("act", asked["id"], "grant").code == 1  # no leader
    assert officer.sees(task)["fields"]["due_date"] == "2099-12-31"
    officer.syncs()
    leader.syncs()
    leader.acts(asked["id"], "grant")
    fields = leader.sees(task)["fields"]
    assert (fields["due_date"], fields["due_before"]) == ("2100-01-31", "2099-12-31")
    assert (fields["extension_count"], fields["extension_reason"]) == (1, "Sổ nhiều hơn dự kiến")
    leader.syncs()
    officer.syncs()
    assert officer.sees(task)["fields"]["due_date"] == "2100-01-31"  # the city took it, locked as it is
    assert town.records()[task]["fields"]["due_date"] == "2100-01-31"
