"""A small catalogue for samples: people, and cases about them with a deadline, a book, rows and rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from forms.definition import Action, Catalog, Deadline, ListView, RecordType, Register, State, Tool
from forms.field_definition import Choice, Field, Message, Section
from forms.label import Label
from forms.office_definition import Role


def label(text: str) -> Label:
    return Label(text, text)


def field(name: str, kind: Any, text: str = "", **more: Any) -> Field:
    return Field(name=name, type=kind, label=label(text or name), **more)


def must(rule: str) -> Message:
    return Message(rule, label(rule))


GENDERS = (Choice("male", label("Nam")), Choice("female", label("Nữ")))
CITIZEN = RecordType(
    id="residence.citizen",
    label=label("Công dân"),
    title="full_name",
    sections=(
        Section(
            "main",
            label("Chính"),
            (
                field("full_name", "text", "Họ và tên", required=True),
                field("dob", "date_partial", "Ngày sinh", required=True),
                field("gender", "one_of", "Giới tính", required=True, choices=GENDERS),
                field("personal_id", "citizen_number", "Số định danh", required=True),
                field("phone", "phone", "Điện thoại", required=True),
                field("home", "address", "Nơi ở", required=True),
            ),
        ),
    ),
    states=(State("active", label("Đang cư trú")), State("dead", label("Đã mất"), "final")),
    actions=(Action(id="die", label=label("Mất"), from_=("active",), to="dead"),),
    list_view=ListView(()),
)
CASE = RecordType(
    id="desk.case",
    label=label("Hồ sơ"),
    title="code",
    sections=(
        Section(
            "main",
            label("Chính"),
            (
                field("code", "code", "Số", owner="engine"),
                field("applicant_ref", "person", "Người nộp", required=True),
                field("received_at", "datetime", "Tiếp nhận", required=True),
                field("doc_date", "date", "Ngày văn bản", required=True, constraints=(must("doc_date < local_date(received_at)"),)),
                field("due_at", "datetime", "Hẹn trả", calculate='due(received_at, 5, "working_day")'),
                field("fee", "money", "Phí", required=True, constraints=(must("fee > 0"),)),
                field("kind_code", "code", "Mã", required=True, pattern=r"\d\.\d{6}"),
                field("papers", "group", "Giấy tờ", min_rows=1, fields=(field("name", "text"), field("sheets", "int"))),
                field("result", "text", "Kết quả", required=True, required_from="done"),
                field("done_at", "datetime", "Xong lúc", required=True, required_from="done"),
            ),
        ),
    ),
    states=(
        State("draft", label("Nháp"), "draft"),
        State("working", label("Đang xử lý"), locked=True),
        State("done", label("Xong"), "final", locked=True),
        State("cancelled", label("Hủy"), "void"),
    ),
    actions=(
        Action(id="begin", label=label("Nhận"), from_=("draft",), to="working", takes_number=True, roles=("clerk",)),
        Action(
            id="finish", label=label("Xong"), from_=("working",), to="done", asks=("result",), sets={"done_at": "now()"},
            freezes={"applicant_ref": ("full_name",)},
        ),
        Action(id="cancel", label=label("Hủy"), from_=("draft", "working"), to="cancelled"),
    ),
    list_view=ListView(()),
    deadline=Deadline(start="received_at", field="due_at", amount="5", unit='"working_day"'),
    register=Register(id="book", kind="leased", field="code", format="{n:04d}/{yyyy}"),
)  # fmt: skip

EXAMPLES = """\
case:
  - state: done
    fields:
      kind_code: "1.001193"
      doc_date: 2026-03-02
      fee: 8000
      result: Đã cấp bản sao
      papers: [{_id: a, name: Tờ khai, sheets: 2}, {_id: b, name: Giấy chứng sinh, sheets: 1}]
"""


def sample_catalog(folder: Path) -> Catalog:
    (folder / "desk").mkdir()
    (folder / "desk" / "examples.yaml").write_text(EXAMPLES, "utf-8")
    tools = tuple(
        Tool(id=kind.id.partition(".")[0], label=kind.label, short=kind.label, group="g", records=(kind,))
        for kind in (CASE, CITIZEN)
    )
    return Catalog(version="1", tools=tools, choices={}, roles=(Role("clerk", label("Văn thư")),), folder=str(folder))
