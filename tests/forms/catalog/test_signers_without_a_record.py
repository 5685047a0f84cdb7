"""Papers of officers whose own record nobody has made: they bear the name of who signed, and never another's post."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from forms.definition import Catalog, Printout, RecordType
from forms.field_definition import Field
from forms.printing import PrintContext, render
from tests.forms.catalog.conftest import OFFICE, WARD, examples_of, type_ids

OFFICER, NAME = "hr.officer", "Vũ Thị Thử"
POSTS = re.compile(r"CHỦ TỊCH(?! HỘI ĐỒNG)|TRƯỞNG PHÒNG|CHÁNH VĂN PHÒNG|NGƯỜI CÓ THẨM QUYỀN")
SIGNED = re.compile(r"<p class=\"role\">([^\n]*?)</p>(?:(?!class=\"role\").)*?<p class=\"who\">([^<]*)</p>", re.DOTALL)
SAID_BY_THE_RECORD = {"construction.violation"}  # its decider's post is a field of its own
EVERY = pytest.mark.parametrize("type_id", type_ids())


@EVERY
def test_no_paper_puts_another_post_over_the_name_of_who_signed(catalog: Catalog, type_id: str) -> None:
    record_type = catalog.record_type(type_id)
    for printout, html, _told in _papers(catalog, record_type):
        posts = [role for role, who in SIGNED.findall(html) if who.strip() == NAME and POSTS.search(role)]
        assert not posts or type_id in SAID_BY_THE_RECORD, f"{printout.id}: {posts}"


@pytest.mark.parametrize(
    ("type_id", "paper"),
    [
        ("hr.emulation", "certificate"),
        ("construction.building_permit", "permit"),
        ("social_protection.disability", "certificate"),
        ("poverty.poverty_recognition", "decision"),
    ],
)
def test_the_name_stands_under_a_line_to_fill_in_and_it_is_told(catalog: Catalog, type_id: str, paper: str) -> None:
    papers = [each for each in _papers(catalog, catalog.record_type(type_id)) if each[0].id == paper]
    signed = [(role, told) for _, html, told in papers for role, who in SIGNED.findall(html) if who.strip() == NAME]
    assert signed
    assert all(set(role) == {"…"} and NAME in told for role, told in signed)


def test_who_is_nowhere_named_leaves_the_name_open_too(catalog: Catalog) -> None:
    record_type = catalog.record_type("hr.emulation")
    (_, html, told), *_ = [each for each in _papers(catalog, record_type, known="") if each[0].id == "certificate"]
    assert "KT. CHỦ TỊCH" not in html and '<p class="role">CHỦ TỊCH</p>' not in html
    assert set(told) == {""}


def test_what_a_paper_not_yet_signed_says_is_the_chairs(catalog: Catalog) -> None:
    """Nobody has signed: the paper is made for the chair, and nothing is left open."""
    record_type = catalog.record_type("hr.emulation")
    example = next(e for e in examples_of(catalog, record_type) if e["fields"].get("signer_ref"))
    fields = {k: v for k, v in example["fields"].items() if k not in ("signer_ref", "subject_ref")}
    told: list[str] = []
    html = render(
        record_type, "certificate", catalog, [{"id": "e", "number": None, **example, "fields": fields}],
        context=_context(told, NAME),
    )  # fmt: skip
    assert '<p class="role">CHỦ TỊCH</p>' in html and told == []


def _papers(catalog: Catalog, record_type: RecordType, known: str = NAME) -> Iterator[tuple[Printout, str, list[str]]]:
    """Each paper of each example that it is for, on a PC where no officer has a record and all were once called ``known``."""
    for number, example in enumerate(examples_of(catalog, record_type)):
        record = {"id": f"e{number}", "number": None, **example, "fields": _unfrozen(record_type, example["fields"])}
        for printout in record_type.printouts:
            if not printout.states or example["state"] in printout.states:
                told: list[str] = []
                html = render(record_type, printout.id, catalog, [record], context=_context(told, known))
                yield printout, html, told


def _context(told: list[str], known: str) -> PrintContext:
    return PrintContext(
        ward=WARD,
        officer=OFFICE,
        now=datetime(2026, 11, 20, 3, tzinfo=UTC),
        resolve=lambda _id: None,
        related=lambda _type, _field, _id: [],
        name_of=lambda _id: known,
        left_open=lambda _id, name: told.append(name),
    )


def _unfrozen(record_type: RecordType, fields: Mapping[str, Any]) -> dict[str, Any]:
    """As it was saved where the officers' records could not be read when it was signed."""
    frozen = {k: v for k, v in (fields.get("_frozen") or {}).items() if not _is_officer(record_type.field_map.get(k))}
    return {**fields, "_frozen": frozen}


def _is_officer(field: Field | None) -> bool:
    return field is not None and field.targets == (OFFICER,)
