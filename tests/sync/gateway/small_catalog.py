"""A catalogue of four small tools, enough for every path through the gateway."""

from __future__ import annotations

from forms.definition import Action, Catalog, Column, Delivery, ListView, RecordType, Register, State, Tool
from forms.field_definition import Field, Section
from forms.label import Label
from forms.office_definition import Role, Scope, Service

SERVICES = ("tthc_hanoi", "hotich", "chung_thuc", "qlvb", "nhiem_vu")


def text(vi: str) -> Label:
    return Label(vi, vi)


def section(*fields: Field) -> tuple[Section, ...]:
    return (Section("main", text("Chính"), fields),)


def field(name: str, kind: str = "text", **more: object) -> Field:
    return Field(name=name, type=kind, label=text(name), **more)  # type: ignore[arg-type]


LIST = ListView((Column("_title"),))
DOSSIER = RecordType(
    id="onestop.dossier",
    label=text("Hồ sơ"),
    title="applicant",
    scope="onestop",
    sections=section(
        field("applicant"),
        field("subject"),
        field("fee", "money"),
        field("urgent_reason", relevant="fee > 5000"),
        field("person_ref", "person"),
        field("dossier_code", "code", owner="tthc_hanoi"),
        field("received_by", "signature"),
        field("scan", "file"),
        field("papers", "group", calculate='[{"name": subject}]', overridable=True, fields=(field("name"),)),
    ),
    states=(
        State("draft", text("Nháp"), "draft"),
        State("accepted", text("Đã tiếp nhận")),
        State("done", text("Đã xong"), "final", locked=True),
    ),
    actions=(
        Action(id="accept", label=text("Tiếp nhận"), from_=("draft",), to="accepted", roles=("reception",)),
        Action(
            id="finish",
            label=text("Hoàn thành"),
            from_=("accepted",),
            to="done",
            roles=("chair", "reception"),
            not_by="received_by",
        ),
    ),
    list_view=LIST,
    register=Register(id="dossiers", kind="service", field="dossier_code", format="{n}", service="tthc_hanoi"),
    deliveries=(Delivery("tthc_hanoi", ("accepted", "done")),),
)
CITIZEN = RecordType(
    id="residence.citizen",
    label=text("Công dân"),
    title="full_name",
    scope="people",
    sections=section(field("full_name"), field("citizen_number", "citizen_number"), field("phones", "group", fields=(
        field("kind"), field("number"),
    ))),
    states=(State("active", text("Đang cư trú")),),
    actions=(),
    list_view=LIST,
)  # fmt: skip
COPY = RecordType(
    id="certification.cert_copy",
    label=text("Chứng thực bản sao"),
    title="doc_title",
    sections=section(
        field("doc_title"), field("copies", "int"), field("cert_no", "code", owner="engine"), field("book_no")
    ),
    states=(
        State("draft", text("Nháp"), "draft"),
        State("certified", text("Đã chứng thực"), "final"),
        State("cancelled", text("Đã hủy"), "void", locked=True),
    ),
    actions=(
        Action(id="certify", label=text("Chứng thực"), from_=("draft",), to="certified", takes_number=True),
        Action(id="cancel", label=text("Hủy"), from_=("draft",), to="cancelled", roles=("chair",), danger=True),
    ),
    list_view=LIST,
    register=Register(
        id="book",
        kind="leased",
        field="cert_no",
        format="{n:04d}",
        book_format="{book:02d}/{yyyy}-SCT/BS",
        book_field="book_no",
    ),
)
BIRTH = RecordType(
    id="civil_status.birth",
    label=text("Khai sinh"),
    title="child_name",
    begun_by=("civil_status_officer",),
    sections=section(
        field("child_name"),
        field("birth_cert_no"),
        field("reg_no", "code", owner="hotich"),
        field("personal_id", "code", owner="hotich"),
    ),
    states=(State("draft", text("Nháp"), "draft"), State("signed", text("Đã ký"))),
    actions=(Action(id="sign", label=text("Ký"), from_=("draft",), to="signed"),),
    list_view=LIST,
    register=Register(id="births", kind="service", field="reg_no", format="{n}", service="hotich"),
    deliveries=(Delivery("hotich", ("signed",)), Delivery("qlvb", ("signed",))),
)
PETITION = RecordType(
    id="petitions.letter",
    label=text("Đơn thư"),
    title="sender",
    scope="petitions",
    sections=section(field("sender")),
    states=(State("open", text("Đang xử lý")),),
    actions=(),
    list_view=LIST,
)


def tool(tool_id: str, record: RecordType, service: str | None = None) -> Tool:
    return Tool(id=tool_id, label=text(tool_id), short=text(tool_id), group="all", records=(record,), service=service)


ORDINARY = ("onestop", "people", "open")
CATALOG = Catalog(
    version="test.1",
    tools=(
        tool("onestop", DOSSIER, "tthc_hanoi"),
        tool("residence", CITIZEN),
        tool("certification", COPY),
        tool("civil_status", BIRTH, "hotich"),
        tool("petitions", PETITION),
    ),
    choices={},
    roles=(
        Role("reception", text("Tiếp nhận"), ("onestop", "people")),
        Role("civil_status_officer", text("Hộ tịch"), ORDINARY),
        Role("chair", text("Chủ tịch"), ORDINARY),
        Role("petition_team", text("Tổ đơn thư"), (*ORDINARY, "petitions")),
    ),
    scopes=(
        Scope("onestop", text("Một cửa")),
        Scope("people", text("Người")),
        Scope("open", text("Mở")),
        Scope("petitions", text("Đơn thư"), restricted=True),
    ),
    services=tuple(Service(s, text(s)) for s in SERVICES),
)
