from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from forms.definition import PUT_OFF, Catalog
from forms.loader import DefinitionError, DefinitionProblem, check, load_catalog
from forms.rule_checks import calls

from .conftest import CATALOGUE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(CATALOGUE, tmp_path / "catalogue"))


def rewrite(path: Path, old: str, new: str) -> int:
    """Replaces text once and returns its line."""
    text = path.read_text("utf-8")
    assert text.count(old) >= 1, old
    path.write_text(text.replace(old, new, 1), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_small_catalogue_has_no_mistakes() -> None:
    assert check(CATALOGUE) == []
    assert check(CATALOGUE / "lending") == []


def test_what_is_written_is_what_is_loaded(catalog: Catalog) -> None:
    loan = catalog.record_type("lending.loan")
    assert [choice.code for choice in catalog.choices["kinds"]] == ["book", "01", "old"]
    assert catalog.choices["kinds"][0].data == {"deposit": 20000}
    assert loan.action("lend").from_ == ("draft",)
    assert loan.list_view.columns[0].field == "borrower"
    assert loan.field("total").constraints[0].warn
    assert catalog.dated_values[0].valid_from == "2020-01-01"


MISTAKES = [
    ("scope: people", "scoop: people", "residence/citizen.yaml", "scoop"),
    ("title: full_name", "", "residence/citizen.yaml", "citizen.yaml"),
    ("{vi: Công dân, en: Citizen}", "{vi: Công dân}", "residence/citizen.yaml", "label"),
    ("{vi: Công dân, en: Citizen}", "Công dân", "residence/citizen.yaml", "label"),
    ("type: date_partial", "type: dated", "residence/citizen.yaml", "sections.who.fields.dob.type"),
    ("required: true", "required: [1]", "residence/citizen.yaml", "sections.who.fields.full_name.required"),
    ("title: full_name", "title: full_nam", "residence/citizen.yaml", "title"),
    ("title: full_name", "title: 'full_name +'", "residence/citizen.yaml", "title"),
    ("title: full_name", "title: uper(full_name)", "residence/citizen.yaml", "title"),
    ("title: full_name", "title: upper(full_name, 1)", "residence/citizen.yaml", "title"),
    ("to: active", "to: actif", "residence/citizen.yaml", "actions.keep.to"),
    ("from: [draft]", "from: [drafts]", "residence/citizen.yaml", "actions.keep.from.1"),
    ("from: [draft]", "from: draft", "residence/citizen.yaml", "actions.keep.from"),
    ("name: dob", "name: full_name", "residence/citizen.yaml", "sections.who.fields.full_name"),
    ("columns: [full_name", "columns: [name", "residence/citizen.yaml", "list.columns.1"),
    ("scope: people", "scope: persons", "residence/citizen.yaml", "scope"),
    ("kind: draft}", "kind: drafty}", "residence/citizen.yaml", "states.draft.kind"),
    ("choice_list: kinds", "choice_list: kind", "lending/loan.yaml", "sections.what.fields.kind.choice_list"),
    ("choice.kind == kind", "choce.kind == kind", "lending/loan.yaml", "sections.what.fields.shelf.choice_filter"),
    ("look(borrower, 'dob')", "look(borrower, 'born')", "lending/loan.yaml", "sections.what.fields.borrower_dob.calculate"),
    ("words(fee)", '"chosen(\'kind\', \'depositt\')"', "lending/loan.yaml", "sections.lines.fields.fee_words.calculate"),
    ("words(fee)", '"chosen(\'kinds\', \'deposit\')"', "lending/loan.yaml", "sections.lines.fields.fee_words.calculate"),
    ("words(fee)", '"chosen(\'phone\', \'deposit\')"', "lending/loan.yaml", "sections.lines.fields.fee_words.calculate"),
    ("words(fee)", '"text(records(\'lending.lone\', \'borrower\', borrower).size())"', "lending/loan.yaml", "sections.lines.fields.fee_words.calculate"),
    ("words(fee)", '"text(records(\'lending.loan\', \'lender_id\', borrower).size())"', "lending/loan.yaml", "sections.lines.fields.fee_words.calculate"),
    ("words(fee)", '"text(records(\'lending.loan\', \'reason\', reason).size())"', "lending/loan.yaml", "sections.lines.fields.fee_words.calculate"),
    ("words(fee)", '"text(records(\'lending.loan\', \'borrower\').size())"', "lending/loan.yaml", "sections.lines.fields.fee_words.calculate"),
    ("words(fee)", '"text(delegated(\'lending\'))"', "lending/loan.yaml", "sections.lines.fields.fee_words.calculate"),
    ("label('kind')", "label('kinds')", "lending/loan.yaml", "subtitle"),
    ("dated('late_fee'", "dated('early_fee'", "lending/loan.yaml", "sections.lines.fields.fee.calculate"),
    ("rule: row.copies > 0", "rule: row.copy > 0", "lending/loan.yaml", "sections.lines.fields.items.fields.copies.constraints.1.rule"),
    ("rule: total < 1000000", "rule: row.total < 1", "lending/loan.yaml", "sections.lines.fields.total.constraints.1.rule"),
    ("required_from: returned", "required_from: back", "lending/loan.yaml", "sections.when.fields.returned_on.required_from"),
    ("roles: [clerk]", "roles: [clark]", "lending/loan.yaml", "actions.lend.roles.1"),
    ("prints: [slip]", "prints: [slips]", "lending/loan.yaml", "actions.lend.prints.1"),
    ("asks: [returned_on]", "asks: [returned]", "lending/loan.yaml", "actions.give_back.asks.1"),
    ("not_by: lender", "not_by: nobody", "lending/loan.yaml", "actions.give_back.not_by"),
    ("freezes: {borrower: [full_name", "freezes: {borrower: [name", "lending/loan.yaml", "actions.lend.freezes.borrower.1"),
    ("sets: {lender:", "sets: {lendr:", "lending/loan.yaml", "actions.lend.sets.lendr"),
    ("takes_number: true", "takes_number: false", "lending/loan.yaml", "register"),
    ("field: loan_no, format", "field: loan, format", "lending/loan.yaml", "register.field"),
    ("{n:04d}/{yyyy}", "{n:04d}/{year}", "lending/loan.yaml", "register.format"),
    ("kind: leased, field", "kind: leased, series_by: kinds, field", "lending/loan.yaml", "register.series_by"),
    ("rule: total < 1000000", "rule: 1 < 1000000", "lending/loan.yaml", "sections.lines.fields.total.constraints.1.rule"),
    ("choice.kind == kind", '"1 == 1"', "lending/loan.yaml", "sections.what.fields.shelf.choice_filter"),
    ("words(fee)", "'kind == \"bok\" ? null : words(fee)'", "lending/loan.yaml", "sections.lines.fields.fee_words.calculate"),
    ("words(fee)", "'kind in [\"book\", \"nap\"] ? null : words(fee)'", "lending/loan.yaml", "sections.lines.fields.fee_words.calculate"),
    ("words(fee)", "'state == \"lost\" ? null : words(fee)'", "lending/loan.yaml", "sections.lines.fields.fee_words.calculate"),
    ("kind: leased, field", "kind: leased, series_by: phone, field", "lending/loan.yaml", "register.series_by"),
    ("kind: leased, field", "kind: leased, series_by: shelf, field", "lending/loan.yaml", "register.series_by"),
    ("start: begun_at", "start: began", "lending/loan.yaml", "deadline.start"),
    ("template: slip.html", "template: slop.html", "lending/loan.yaml", "printouts.slip.template"),
    ("slip.html}", 'slip.html, when: {rule: knd == "book", vi: x, en: y}}', "lending/loan.yaml", "printouts.slip.when.rule"),
    ("slip.html}", 'slip.html, when: {rule: kind == "bok", vi: x, en: y}}', "lending/loan.yaml", "printouts.slip.when.rule"),
    ("slip.html}", 'slip.html, when: {rule: kind == "book", vi: x}}', "lending/loan.yaml", "printouts.slip.when"),
    ("slip.html}", 'slip.html, over: visit, when: {rule: kind == "book", vi: x, en: y}}', "lending/loan.yaml", "printouts.slip.when"),
    ("slip.html}", 'slip.html, when: {rule: reason == "x", vi: x, en: y}}', "lending/loan.yaml", "loan"),
    ("service: city, states", "service: town, states", "lending/loan.yaml", "deliveries.1.service"),
    ("duplicate: [borrower", "duplicate: [lender_id", "lending/loan.yaml", "duplicate.1"),
    ("allows: [reason", "allows: [raison", "lending/loan.yaml", "states.lent.allows.1"),
    ("from: [draft, lent], to: void", "from: [draft, lent], to: lent", "lending/loan.yaml", "states.void"),
    ("words(fee)", "words(fee) + fee_words", "lending/loan.yaml", "sections"),
    ('pattern: "[A-Z]{2}', 'pattern: "[A-Z{2}', "lending/loan.yaml", "sections.what.fields.code.pattern"),
    ("from: lending.loan", "from: lending.lone", "lending/flows.yaml", "flows.keeps_borrower.from"),
    ("states: [lent", "states: [lend", "lending/flows.yaml", "flows.keeps_borrower.states.1"),
    ("where: 'total > 0", "where: 'totl > 0", "lending/flows.yaml", "flows.keeps_borrower.where"),
    ("where: 'total > 0", "where: 'begun_at < now()", "lending/flows.yaml", "flows.keeps_borrower.where"),
    ("finds: borrower", "finds: borower", "lending/flows.yaml", "flows.keeps_borrower.finds"),
    ("finds: borrower", "finds: id", "lending/flows.yaml", "flows.keeps_borrower.to"),
    ("kind: draft}", "kind: draft, locked: true}", "residence/citizen.yaml", "flows.keeps_borrower.sets.dob"),
    ("finds: borrower", "finds: phone", "lending/flows.yaml", "flows.keeps_borrower.finds"),
    ("finds: borrower", "link: dob", "lending/flows.yaml", "flows.keeps_borrower.link"),
    ("    finds: borrower\n", "", "lending/flows.yaml", "flows.keeps_borrower"),
    ("to: residence.citizen", "to: residence.citizn", "lending/flows.yaml", "flows.keeps_borrower.to"),
    ("    to: residence.citizen\n", "", "lending/flows.yaml", "flows.keeps_borrower"),
    ("finds: borrower", "finds: borrower\n    link: dob", "lending/flows.yaml", "flows.keeps_borrower.link"),
    ("from: [draft], to: active, main", 'from: [draft], to: "=", main', "residence/citizen.yaml", "flows.keeps_borrower"),
    ("action: keep", "action: kept", "lending/flows.yaml", "flows.keeps_borrower.action"),
    ("sets: {dob: borrower_dob}", "sets: {bod: borrower_dob}", "lending/flows.yaml", "flows.keeps_borrower.sets.bod"),
    ("sets: {dob: borrower_dob}", "sets: {dob: borrower_bod}", "lending/flows.yaml", "flows.keeps_borrower.sets.dob"),
    ("roles: [clerk]", "roles: [clark]", "lending/flows.yaml", "flows.keeps_borrower.roles.1"),
    ("label: {vi: Ghi nhận người mượn, en: Keep the borrower}", "labels: x", "lending/flows.yaml", "flows.keeps_borrower.labels"),
    ("flows:\n", "flow:\n", "lending/flows.yaml", "flow"),
    ("records: [loan]", "records: [loan, loan2]", "lending/tool.yaml", "loan2.yaml"),
    ("records: [loan]", "records: []", "lending/tool.yaml", "loan.yaml"),
    ("group: office", "group: offices", "lending/tool.yaml", "group"),
    ("id: lending", "id: lend", "lending/tool.yaml", "id"),
    ("scopes: [open, people]", "scopes: [opens]", "catalog.yaml", "roles.clerk.scopes.1"),
    ("code: book", 'code: "01"', "choices/kinds.yaml", "choices.01"),
    ("{code: book, vi: Sách, en: Book", "{code: book, vi: Sách", "choices/kinds.yaml", "choices.book"),
    ("kind: Sách", "kind: Sáchh", "lending/examples.yaml", "loan.2.fields.kind"),
    ("state: lent", "state: lend", "lending/examples.yaml", "loan.1.state"),
    ("phone: 0912 345 678", "phon: 0912 345 678", "lending/examples.yaml", "loan.1.fields.phon"),
    ("borrower: p-1", "reason: x", "lending/examples.yaml", "loan.1.fields.borrower"),
    ("loan:\n", "loans:\n", "lending/examples.yaml", "loans"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "file", "key"), MISTAKES, ids=[f"{m[2]}-{m[1][:30]}" for m in MISTAKES])
def test_every_mistake_is_told_with_file_line_and_key(folder: Path, old: str, new: str, file: str, key: str) -> None:
    rewrite(folder / file, old, new)
    problems = check(folder)
    assert key in {problem.key for problem in problems}, problems
    told = next(problem for problem in problems if problem.key == key)
    assert told.message
    assert told.english
    assert Path(told.file).is_relative_to(folder)
    assert len(problems) <= 4, "one mistake is told once, not over and over"


def test_all_mistakes_at_once_each_at_its_line(folder: Path) -> None:
    path = folder / "lending" / "loan.yaml"
    lines = {
        "subtitle": rewrite(path, "label('kind')", "lable('kind')"),
        "actions.lend.roles.1": rewrite(path, "roles: [clerk]", "roles: [clark]"),
        "list.columns.3": rewrite(path, "columns: [borrower, kind, total", "columns: [borrower, kind, totl"),
    }
    assert {p.key: p.line for p in check(folder)} == lines
    clark = next(p for p in check(folder) if p.key.startswith("actions"))
    assert "“clerk”" in clark.message
    with pytest.raises(DefinitionError) as refused:
        load_catalog(folder, cache=folder.parent / "cache")
    assert len(refused.value.problems) == 3


def test_duplicate_keys_and_malformed_yaml(folder: Path) -> None:
    path = folder / "residence" / "citizen.yaml"
    line = rewrite(path, "scope: people", "scope: people\nscope: open") + 1
    assert [(p.line, p.key) for p in check(folder)] == [(line, "scope")]
    rewrite(path, "scope: open", "scope: [open")
    (problem,) = check(folder)
    assert (problem.file, problem.expected) == (str(path), "YAML (UTF-8)")


@pytest.mark.parametrize(
    "content", [b"\x00\xff\xfe\x01", b"", b"- a\n- b\n", b"a: &a [*a, *a]\n", b"? [1]\n: 2\n", b"!!python/object:os.system {}\n",
                b"plain", b"1: 2\n", b"a: " + b"[" * 3000 + b"]" * 3000, b"<<: {a: 1}\n"],
)  # fmt: skip
@pytest.mark.parametrize("file", ["catalog.yaml", "lending/tool.yaml", "lending/loan.yaml", "lending/examples.yaml", "choices/kinds.yaml"])  # fmt: skip
def test_no_content_ends_in_a_traceback(folder: Path, file: str, content: bytes) -> None:
    (folder / file).write_bytes(content)
    assert check(folder)
    assert check(folder / "lending") or file in ("catalog.yaml", "choices/kinds.yaml")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=st.data())
def test_no_damage_ends_in_a_traceback(data: st.DataObject, folder: Path) -> None:
    """A piece of a file is lost or replaced: problems or none, never an exception."""
    name = data.draw(
        st.sampled_from(["catalog.yaml", "lending/tool.yaml", "lending/loan.yaml", "lending/examples.yaml"])
    )
    original = (CATALOGUE / name).read_bytes()
    start = data.draw(st.integers(0, len(original) - 1))
    cut = data.draw(st.integers(0, 60))
    noise = data.draw(
        st.sampled_from([b"", b"x", b": ", b"\n", b"{", b"[", b"'", b"&a ", b"*a", b"null", b"\t", b"- "])
    )
    (folder / name).write_bytes(original[:start] + noise + original[start + cut :])
    try:
        assert all(isinstance(problem, DefinitionProblem) for problem in check(folder))
    finally:
        (folder / name).write_bytes(original)


def test_what_is_no_tool(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.yaml").write_text("a: 1", "utf-8")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path in ("empty", "file.yaml", "loop", "nowhere", "bad\0name"):
        assert len(check(tmp_path / path)) == 1


def test_links_that_lead_back_do_not_go_round(folder: Path) -> None:
    (folder / "again").symlink_to(folder)
    (folder / "lending" / "lending").symlink_to(folder / "lending")
    assert check(folder) == []


@pytest.mark.parametrize("content", [b"<p>\n{% if %}", b"{{ open", b"\xff\xfe"])
def test_a_template_that_cannot_be_used_is_a_mistake(folder: Path, content: bytes) -> None:
    (folder / "lending" / "print" / "slip.html").write_bytes(content)
    assert [p.key for p in check(folder)] == ["slip.html"]


def test_a_missing_examples_file_is_a_mistake(folder: Path) -> None:
    (folder / "lending" / "examples.yaml").unlink()
    assert [(Path(p.file).name, p.expected) for p in check(folder)] == [("tool.yaml", "examples.yaml")]


def test_a_tool_on_its_own_uses_the_shipped_lists(folder: Path, tmp_path: Path) -> None:
    alone = tmp_path / "elsewhere" / "lending"
    shutil.copytree(folder / "lending", alone)
    rewrite(alone / "loan.yaml", "choice_list: kinds", "choice_list: no_such_list_anywhere")
    assert "no_such_list_anywhere" in " ".join(problem.message for problem in check(alone))


def test_the_cache_is_used_and_is_never_in_the_way(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = load_catalog(folder, cache=cache)
    (kept,) = cache.iterdir()
    assert load_catalog(folder, cache=cache) == first
    kept.write_bytes(b"\x81\xa1")
    assert load_catalog(folder, cache=cache) == first
    rewrite(folder / "catalog.yaml", "test.1", "test.20")
    assert load_catalog(folder, cache=cache).version == "test.20"
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, not a folder", "utf-8")
    assert load_catalog(folder, cache=blocked).version == "test.20"


def test_what_the_cache_put_off_comes_when_it_is_asked_for(folder: Path, tmp_path: Path) -> None:
    whole = load_catalog(folder, cache=tmp_path)
    for part in PUT_OFF:
        for made, kept in zip(whole.record_types, load_catalog(folder, cache=tmp_path).record_types, strict=True):
            with pytest.raises(AttributeError):
                msgspec.to_builtins(kept)
            assert getattr(kept, part) == getattr(made, part)
            assert msgspec.to_builtins(kept) == msgspec.to_builtins(made)
    loan = load_catalog(folder, cache=tmp_path).record_type("lending.loan")
    for file in tmp_path.glob("*.msgpack"):
        file.unlink()  # the cache may be emptied at any time
    with pytest.raises(AttributeError, match="no_such_part"):
        _ = loan.no_such_part  # type: ignore[attr-defined]
    assert loan.field("total").constraints[0].warn


def test_many_threads_may_ask_first(folder: Path, tmp_path: Path) -> None:
    whole = load_catalog(folder, cache=tmp_path).record_type("lending.loan")
    with ThreadPoolExecutor(8) as threads:
        for _ in range(20):
            loan = load_catalog(folder, cache=tmp_path).record_type("lending.loan")
            asked = threads.map(partial(getattr, loan), [part for part in PUT_OFF for _ in range(8)])
            assert list(asked) == [getattr(whole, part) for part in PUT_OFF for _ in range(8)]


def test_the_mark_names_the_files_as_they_were(folder: Path, tmp_path: Path) -> None:
    compiled, cached = load_catalog(folder, cache=tmp_path), load_catalog(folder, cache=tmp_path)
    assert compiled.mark == cached.mark != ""
    assert structs.replace(cached, version="other").mark == ""
    rewrite(folder / "lending" / "loan.yaml", "vi:", "vi: ")
    assert load_catalog(folder, cache=tmp_path).mark not in ("", cached.mark)


def test_a_catalogue_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError):
        load_catalog(tmp_path / "nowhere", cache=tmp_path)


def test_arguments_are_counted() -> None:
    text = "due(received, look(a, 'b,('), f({'x': [1, 2]})) + today() + x.map(r, r.y) + (1)"
    assert sorted(calls(text)) == [("due", 3), ("f", 1), ("look", 2), ("today", 0)]


def test_an_action_that_nobody_may_take_is_told(folder: Path) -> None:
    """A role whose scopes do not hold the register: the city would refuse all it does there."""
    rewrite(folder / "catalog.yaml", "en: Clerk}, scopes: [open, people]", "en: Clerk}, scopes: [people]")
    keys = {problem.key for problem in check(folder) if problem.file.endswith("loan.yaml")}
    assert "actions.lend.roles" in keys
    told = next(problem for problem in check(folder) if problem.key == "actions.lend.roles")
    assert "chair" in told.expected and "open" in told.message


def test_a_field_hidden_on_purpose_is_no_mistake(folder: Path) -> None:
    rewrite(
        folder / "lending" / "loan.yaml", "{name: phone, type: phone,", '{name: phone, type: phone, relevant: "false",'
    )
    assert check(folder) == []
