"""What the city does with changes: judged one by one, stored once, never for the wrong officer or ward."""

from __future__ import annotations

import msgspec

from sync.digest_terms import term
from sync.gateway.city import City
from sync.gateway.storage import BadValueError
from sync.protocol import Officer
from tests.sync.gateway.pcs import OTHER_WARD, WARD, Pc


def test_two_pcs_of_a_ward_share_and_a_third_ward_sees_nothing(city: City) -> None:
    counter, office, elsewhere = Pc(city), Pc(city), Pc(city, OTHER_WARD)
    made = counter.create("residence.citizen", after={"full_name": "Đỗ Thị Ánh"}, to_state="active")
    (result,) = counter.push(made)
    assert (result.status, result.revision) == ("accepted", 1)
    (seen,) = office.pull("people").records
    assert seen.fields == {"full_name": "Đỗ Thị Ánh"}
    assert (seen.id, seen.ward, seen.scope, seen.revision) == (made.record_id, WARD, "people", 1)
    assert not elsewhere.pull("people", ward=OTHER_WARD).records
    assert (WARD, "people") not in elsewhere.device.streams


def test_edits_meet_field_by_field_and_a_real_conflict_keeps_both(city: City) -> None:
    a, b = Pc(city), Pc(city, officer="Bình")
    made = a.create("onestop.dossier", after={"applicant": "An", "subject": "x"})
    a.push(made)
    (first,) = a.push(a.edit(made, {"subject": "x"}, {"subject": "y"}))
    other_field, same_field = b.push(
        b.edit(made, {"applicant": "An"}, {"applicant": "Anh"}), b.edit(made, {"subject": "x"}, {"subject": "z"})
    )
    assert [first.revision, other_field.revision, same_field.revision] == [2, 3, 4]
    assert same_field.status == "conflict"
    assert same_field.fields == ("subject",)
    (now,) = a.pull("onestop").records
    assert now.fields == {"applicant": "Anh", "subject": "y"}
    assert [c.value for c in now.conflicts["subject"]] == ["z"]


def test_the_same_change_again_is_acknowledged_and_other_content_refused(city: City) -> None:
    pc = Pc(city)
    made = pc.create("residence.citizen", after={"full_name": "A"})
    (first,) = pc.push(made)
    again, twice = pc.push(made, made)
    assert again.duplicate
    assert twice.duplicate
    assert (again.status, again.revision) == (first.status, first.revision)
    (forged,) = pc.push(msgspec.structs.replace(made, after={"full_name": "B"}))
    assert forged.status == "refused"
    (stored,) = pc.pull("people").records
    assert stored.fields == {"full_name": "A"}
    assert stored.revision == 1


def test_a_bad_change_parks_its_own_record_and_no_other(city: City) -> None:
    pc = Pc(city)
    good = pc.create("residence.citizen", after={"full_name": "A"})
    bad = pc.create("residence.citizen", after={"full_name": 7})
    after_bad = pc.edit(bad, {}, {"full_name": "B"})
    also_good = pc.create("residence.citizen", after={"full_name": "C"})
    results = pc.push(good, bad, after_bad, also_good)
    assert [r.status for r in results] == ["accepted", "refused", "refused", "accepted"]
    assert results[1].problems[0].field == "full_name"
    assert len(pc.pull("people").records) == 2


def test_a_refused_change_is_judged_anew_when_it_comes_again(city: City) -> None:
    pc = Pc(city)
    made = pc.create("onestop.dossier", after={"applicant": "A"})
    finish = pc.act(made, "finish", "done")
    assert [r.status for r in pc.push(made, finish)] == ["accepted", "refused"]
    assert [r.status for r in pc.push(pc.act(made, "accept", "accepted"))] == ["accepted"]
    (again,) = pc.push(finish)
    assert (again.status, again.duplicate) == ("accepted", False)
    assert len(city.feed.history(pc.device, made.record_id).changes) == 3


def test_only_granted_officers_wards_scopes_and_roles(city: City) -> None:
    reception = Pc(city, roles=["reception"], officer="Lan")
    other = Pc(city, OTHER_WARD)
    stranger = Officer("nobody", "Người lạ", ("chair",))
    ok = reception.create("onestop.dossier", after={"applicant": "A"})
    cases = [
        ok,
        reception.create("certification.cert_copy"),  # a scope the role does not open
        reception.create("onestop.dossier", ward=OTHER_WARD),
        reception.create("onestop.dossier", officer=stranger),
        reception.create("onestop.dossier", officer=other.officer),
        reception.create("no.such_type"),
        reception.create("onestop.dossier", record_id="'; DROP TABLE records; --"),
    ]
    assert [r.status for r in reception.push(*cases)] == ["accepted", *["refused"] * 6]
    chair = Pc(city, roles=["chair"])
    (not_hers,) = chair.push(
        chair.act(ok, "accept", "accepted")
    )  # what a change claims of its roles counts for nothing
    assert not_hers.status == "refused"
    (birth,) = chair.push(chair.create("civil_status.birth"))
    assert birth.status == "refused"


def test_who_received_does_not_approve(city: City) -> None:
    lan, chair = Pc(city, roles=["reception"], officer="Lan"), Pc(city, roles=["chair"], officer="Hà")
    signed = {"officer": lan.officer.id, "name": "Lan", "at": "2026-11-22T03:00:00Z"}
    made = lan.create("onestop.dossier", after={"received_by": signed}, to_state="accepted")
    lan.push(made)
    (own,) = lan.push(lan.act(made, "finish", "done"))
    (others,) = chair.push(chair.act(made, "finish", "done"))
    assert (own.status, others.status) == ("refused", "accepted")


def test_a_restricted_scope_needs_a_role_that_names_it(city: City) -> None:
    ordinary, team = Pc(city), Pc(city, roles=["petition_team"])
    assert "petitions" not in {scope for _, scope in ordinary.device.streams}
    letter = team.create("petitions.letter", after={"sender": "Một người dân"})
    assert [r.status for r in team.push(letter)] == ["accepted"]
    assert [r.status for r in ordinary.push(ordinary.edit(letter, {}, {"sender": "X"}))] == ["refused"]
    assert len(team.pull("petitions").records) == 1


def test_pages_end_where_the_digest_is_told(city: City) -> None:
    pc = Pc(city)
    made = [pc.create("residence.citizen", after={"full_name": str(n)}) for n in range(25)]
    pc.push(*made)
    pc.push(pc.edit(made[3], {"full_name": "3"}, {"full_name": "ba"}))
    first = pc.pull("people", limit=10)
    assert (len(first.records), first.more, first.digest) == (10, True, {})
    whole = pc.pull_all("people", limit=10)
    assert {r.id for r in whole.records} == {c.record_id for c in made}
    expected = sum(term(r.id, r.revision) for r in whole.records) % 2**64
    assert whole.digest == {"residence.citizen": f"{expected:016x}"}
    assert pc.pull("people", cursor=10**9).records  # from before a restore: the stream starts over


def test_a_value_the_database_refuses_takes_only_its_record_down(city: City, monkeypatch) -> None:
    pc = Pc(city)
    changes = [pc.create("residence.citizen", after={"full_name": str(n)}) for n in range(9)]
    poison = changes[4].record_id

    from sync.gateway.ledger import Ledger

    write = Ledger.write

    def failing(self: Ledger):
        if any(key[1] == poison for key in self._touched):
            raise BadValueError("this one")
        return write(self)

    monkeypatch.setattr(Ledger, "write", failing)
    results = pc.push(*changes)
    assert [r.status for r in results] == ["accepted"] * 4 + ["refused"] + ["accepted"] * 4
    assert [r.change_id for r in results] == [c.change_id for c in changes]
    assert len(pc.pull("people").records) == 8


def test_nul_characters_are_stored_inside_fields_and_refused_elsewhere(city: City) -> None:
    pc = Pc(city)
    inside = pc.create("residence.citizen", after={"full_name": "a\0b"})
    number = pc.create("certification.cert_copy", number="0\0", after={})
    assert [r.status for r in pc.push(inside, number)] == ["accepted", "refused"]
    assert pc.pull("people").records[0].fields == {"full_name": "a\0b"}


def test_rows_of_groups_travel(city: City) -> None:
    pc = Pc(city)
    made = pc.create("residence.citizen", after={"phones": [{"_id": "r1", "kind": "nhà", "number": "1"}]})
    pc.push(made)
    pc.push(
        pc.edit(made, {"phones/r1/number": "1"}, {"phones/r1/number": "2", "phones/r2": {"_id": "r2", "kind": "cq"}})
    )
    (now,) = pc.pull("people").records
    assert now.fields["phones"] == [{"_id": "r1", "kind": "nhà", "number": "2"}, {"_id": "r2", "kind": "cq"}]


def test_history_is_whole_and_for_those_who_may_read(city: City) -> None:
    pc, other = Pc(city), Pc(city, OTHER_WARD)
    made = pc.create("onestop.dossier", after={"applicant": "A"})
    pc.push(made)
    pc.push(pc.edit(made, {"applicant": "A"}, {"applicant": "B"}))
    history = city.feed.history(pc.device, made.record_id)
    changes = [msgspec.msgpack.decode(raw)["after"]["applicant"] for raw in history.changes]
    assert changes == ["A", "B"]
    assert [r.revision for r in history.results] == [1, 2]
    try:
        city.feed.history(other.device, made.record_id)
    except Exception as error:
        assert getattr(error, "status", 0) == 404
    else:
        raise AssertionError("another ward read it")


def test_an_officer_is_called_as_the_city_knows_him(city: City) -> None:
    pc = Pc(city)
    made = pc.create("residence.citizen", after={"full_name": "Đỗ Thị Ánh"})
    spoofed = msgspec.structs.replace(made, officer=msgspec.structs.replace(made.officer, name="Chủ tịch"))
    (result,) = pc.push(spoofed)
    assert result.status == "refused"


def test_a_refused_change_shows_nothing_of_the_record_it_names(city: City) -> None:
    """A device may name a record of a stream it cannot read; how that record's deliveries stand is not told."""
    office, reception = Pc(city), Pc(city, officer="Lan", roles=("reception",))
    made = office.create("civil_status.birth", after={}, to_state="signed")
    office.push(made)
    (told,) = reception.push(reception.create("residence.citizen", after={}, record_id=made.record_id))
    assert told.status == "refused"
    seen = city.feed.history(reception.device, made.record_id)
    assert (len(seen.changes), seen.deliveries) == (1, [])


def test_voiding_needs_the_role_of_an_action_that_voids(city: City) -> None:
    clerk, chair = Pc(city, roles=["civil_status_officer"], officer="Lan"), Pc(city, roles=["chair"], officer="Hà")
    made = clerk.create("certification.cert_copy", after={"doc_title": "Bằng"})
    birth = clerk.create("civil_status.birth", after={"child_name": "Bé"})
    clerk.push(made, birth)
    void = {"kind": "void", "reason": "nhập hai lần"}
    (hers,) = clerk.push(clerk.edit(made, {}, {}, to_state="cancelled", **void))
    assert (hers.status, hers.problems[0].value) == ("refused", ["chair"])
    (unreasoned,) = chair.push(chair.edit(made, {}, {}, kind="void", to_state="cancelled"))
    (his,) = chair.push(chair.edit(made, {}, {}, to_state="cancelled", **void))
    assert (unreasoned.status, his.status) == ("refused", "accepted")
    # no action of this register leads to a void state: the heads of the office may
    assert [pc.push(pc.edit(birth, {}, {}, **void))[0].status for pc in (clerk, chair)] == ["refused", "accepted"]
    assert {r.id for r in chair.pull("open").records if "_void" in r.fields} == {made.record_id, birth.record_id}


def test_a_change_is_of_the_device_that_sends_it(city: City) -> None:
    pc, other = Pc(city), Pc(city)
    unnamed = pc.create("onestop.dossier", after={"subject": "x"})
    named = pc.edit(unnamed, {"subject": "x"}, {"subject": "y"}, device=pc.device.id)
    forged = pc.create("onestop.dossier", after={"subject": "x"}, device=other.device.id)
    assert [r.status for r in pc.push(unnamed, named, forged)] == ["accepted", "accepted", "refused"]
    clash = other.edit(unnamed, {"subject": "x"}, {"subject": "z"})
    assert [r.duplicate for r in (*other.push(clash), *other.push(clash))] == [False, True]
    (record,) = pc.pull("onestop").records
    assert [c.device for c in record.conflicts["subject"]] == [other.device.id]


def test_a_pc_that_enrolled_anew_is_acknowledged_what_it_sent_before(city: City) -> None:
    """The answer was lost, and the token with it: the same change comes under another device."""
    lost, anew = Pc(city), Pc(city)
    made = lost.create("residence.citizen", after={"full_name": "A"}, device=lost.device.id)
    lost.push(made)
    (result,) = anew.push(msgspec.structs.replace(made, device=anew.device.id))
    assert (result.status, result.duplicate) == ("accepted", True)


def test_what_was_taken_stays_taken_where_it_would_be_allowed_no_more(city: City) -> None:
    """Its answer was lost, and the officer's grant ended meanwhile: told "refused" he would do it all again."""
    pc = Pc(city)
    made = pc.create("residence.citizen", after={"full_name": "A"})
    pc.push(made)
    with city.storage.write() as session:
        session.run("DELETE FROM grants WHERE officer = ?", pc.officer.id)
    again, new = pc.push(made, pc.create("residence.citizen", after={"full_name": "B"}))
    assert (again.status, again.duplicate, again.revision) == ("accepted", True, 1)
    assert new.status == "refused"
    (forged,) = pc.push(msgspec.structs.replace(made, after={"full_name": "B"}))
    assert forged.status == "refused"
