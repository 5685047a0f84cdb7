"""A small invented ward for the store's tests: three record types that between them use every part of a definition."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from forms.definition import Action, Catalog, Column, Deadline, ListView, RecordType, Register, State, Tool
from forms.field_definition import Field, FieldType, Section
from forms.label import Label
from sync.protocol import Officer, RecordVersion
from sync.store.model import Enrolment

WARD = "00070"
KEY = bytes(range(32))
NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
HEAD = Officer(id="o0", name="Trần Thị Mẫu", roles=("office_head",), organisation="H26")
CLERK = Officer(id="o1", name="Đỗ Thị Mẫu", roles=("clerk",), organisation="H26")
ENROLMENT = Enrolment(
    url="http://localhost", token="t", device="Q2", wards={WARD: "Phường Mẫu"}, officers=(CLERK,), epoch="e1"
)


def label(text: str) -> Label:
    return Label(text, text)


def a_field(name: str, type_: FieldType, **more: Any) -> Field:
    return Field(name=name, type=type_, label=label(name), **more)


def an_action(action_id: str, start: tuple[str, ...], to: str, **more: Any) -> Action:
    return Action(id=action_id, label=label(action_id), from_=start, to=to, **more)


CITIZEN = RecordType(
    id="residence.citizen",
    label=label("citizen"),
    title="full_name",
    scope="people",
    sections=(
        Section(
            "main",
            label("main"),
            (
                a_field("full_name", "text", search=True),
                a_field("personal_id", "citizen_number", search=True),
                a_field("dob", "date"),
                a_field("phone", "phone", search=True),
            ),
        ),
    ),
    states=(State("active", label("active")), State("removed", label("removed"), kind="void")),
    actions=(an_action("remove", ("active",), "removed"),),
    list_view=ListView(columns=(Column("full_name"), Column("dob"), Column("_updated")), sort="full_name"),
    duplicate=("full_name", "dob"),
)

DOSSIER = RecordType(
    id="onestop.dossier",
    label=label("dossier"),
    title="subject",
    subtitle='look(applicant, "full_name")',
    scope="onestop",
    sections=(
        Section(
            "main",
            label("main"),
            (
                a_field("subject", "text", search=True),
                a_field("applicant", "person"),
                a_field("phone", "phone", search=True),
                a_field("note", "longtext"),
                a_field("due_at", "datetime"),
                a_field("dossier_code", "code", owner="tthc"),
                a_field("local_code", "code", owner="engine"),
                a_field("papers", "group", fields=(a_field("name", "text"), a_field("owner_ref", "person"))),
            ),
        ),
    ),
    states=(
        State("draft", label("nháp"), kind="draft"),
        State("accepted", label("tiếp nhận")),
        State("waiting", label("chờ"), kind="waiting", clock=False),
        State("done", label("xong"), kind="final", locked=True, allows=("note",)),
        State("cancelled", label("hủy"), kind="void"),
    ),
    actions=(
        an_action("receive", ("draft",), "accepted", takes_number=True),
        an_action("wait", ("accepted",), "waiting"),
        an_action("finish", ("accepted", "waiting"), "done", asks=("note",)),
    ),
    list_view=ListView(
        columns=(Column("_number"), Column("subject"), Column("phone"), Column("_state"), Column("_due")),
        sort="-_updated",
    ),
    register=Register(
        id="codes",
        kind="service",
        field="dossier_code",
        format="{n}",
        temporary_format="TMP-{device}-{yy}{mm}{dd}-{n:04d}",
        temporary_field="local_code",
        service="tthc",
    ),
    deadline=Deadline(start="due_at", field="due_at", amount="1", unit='"day"'),
)

COPY = RecordType(
    id="certification.cert_copy",
    label=label("copy"),
    title="document",
    scope="open",
    sections=(
        Section(
            "main",
            label("main"),
            (
                a_field("document", "text", search=True),
                a_field("requester", "person"),
                a_field("pages", "int"),
                a_field("cert_no", "code", owner="engine"),
                a_field("book_no", "code", owner="engine"),
                a_field("visit_id", "code", owner="engine"),
            ),
        ),
    ),
    states=(
        State("received", label("nhận")),
        State("certified", label("đã chứng thực"), kind="final", locked=True),
        State("refused", label("từ chối"), kind="void"),
    ),
    actions=(
        an_action("certify", ("received",), "certified", takes_number=True),
        an_action("refuse", ("received",), "refused"),
        an_action("cancel", ("certified",), "refused"),
    ),
    list_view=ListView(columns=(Column("document"), Column("pages"), Column("_number")), sort="-_updated"),
    register=Register(
        id="copies",
        kind="leased",
        field="cert_no",
        format="{n:04d}/{yyyy}",
        book_format="{book:02d}/{yyyy}-SCT/BS",
        book_field="book_no",
        book_size=3,
    ),
    visit="visit_id",
)

TOOLS = (
    Tool(id="residence", label=label("r"), short=label("r"), group="shared", records=(CITIZEN,)),
    Tool(id="onestop", label=label("o"), short=label("o"), group="shared", records=(DOSSIER,)),
    Tool(id="certification", label=label("c"), short=label("c"), group="shared", records=(COPY,)),
)
CATALOG = Catalog(version="test.1", tools=TOOLS, choices={})
COPIES_BOOK = "certification.cert_copy/copies"


def version(record_id: str, type_: RecordType, revision: int, fields: dict[str, Any], **more: Any) -> RecordVersion:
    """A record as the city would send it."""
    more.setdefault("state", type_.initial_state)
    return RecordVersion(
        id=record_id,
        type=type_.id,
        ward=WARD,
        scope=type_.scope,
        revision=revision,
        fields=fields,
        created_at="2026-11-01T01:00:00Z",
        updated_at="2026-11-01T01:00:00Z",
        updated_by="Thành phố",
        **more,
    )
