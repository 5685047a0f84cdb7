"""A small invented catalogue with every field type, for tests of the form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from forms.definition import (
    Action,
    Catalog,
    Column,
    Deadline,
    Delivery,
    ListView,
    Printout,
    RecordType,
    Register,
    State,
    Tool,
)
from forms.field_definition import Choice, Field, Message, Section
from forms.label import Label
from forms.office_definition import Role, Scope, Service

DOSSIER = "desk.dossier"
CITIZEN = "residence.citizen"
EVERYTHING = "desk.everything"
LIST = ListView(columns=(Column("_title"),))
TEMPLATE = """{% extends "paper/letter.html" %}
{% block title %}{{ title("GIẤY TIẾP NHẬN HỒ SƠ") }}{% endblock %}
{% block body %}{{ line("Người nộp", record.applicant) }}{% endblock %}
"""


def field(name: str, kind: Any, vi: str = "", **more: Any) -> Field:
    return Field(name=name, type=kind, label=Label(vi or name, name), **more)


def choices(**labels: str) -> tuple[Choice, ...]:
    return tuple(Choice(code, Label(label, code)) for code, label in labels.items())


def _record(type_id: str, vi: str, title: str, sections: tuple[Section, ...], **more: Any) -> RecordType:
    more.setdefault("actions", ())
    more.setdefault("states", (State("active", Label("Đang quản lý", "Active")),))
    return RecordType(id=type_id, label=Label(vi, type_id), title=title, sections=sections, list_view=LIST, **more)


def citizen() -> RecordType:
    fields = (
        field("personal_id", "citizen_number", "Số định danh", search=True, width=4),
        field("full_name", "text", "Họ và tên", required=True, search=True, width=8),
        field("dob", "date_partial", "Ngày sinh", required=True, width=4),
        field("gender", "one_of", "Giới tính", choices=choices(male="Nam", female="Nữ"), width=4),
        field("permanent_addr", "address", "Nơi thường trú", width=12),
    )
    section = Section("person", Label("Nhân thân", "Person"), fields)
    return _record(CITIZEN, "Công dân", "full_name", (section,), scope="people", duplicate=("personal_id",))


def dossier() -> RecordType:
    papers = (
        field("name", "text", "Tên giấy tờ", required=True),
        field("originals", "int", "Bản chính"),
        field("copies", "int", "Bản sao"),
    )
    sections = (
        Section(
            "procedure",
            Label("Thủ tục", "Procedure"),
            (
                field(
                    "procedure",
                    "one_of",
                    "Thủ tục",
                    required=True,
                    choices=choices(birth="Đăng ký khai sinh", death="Đăng ký khai tử", marriage="Đăng ký kết hôn"),
                ),
                field(
                    "channel", "one_of", "Hình thức nộp", choices=choices(direct="Trực tiếp", post="Bưu chính"), width=3
                ),
                field("pages", "int", "Số trang", width=3, carry=True),
            ),
        ),
        Section(
            "applicant",
            Label("Người nộp", "Applicant"),
            (
                field("applicant", "person", "Người nộp", required=True, width=12, carry=True),
                field("phone", "phone", "Điện thoại", width=4),
                field("note", "longtext", "Ghi chú", width=8),
                field("proxy", "text", "Người nộp thay", relevant="channel == 'post'", suggest=True, search=True),
            ),
        ),
        Section(
            "papers",
            Label("Giấy tờ nộp", "Papers"),
            (
                field("papers", "group", "Giấy tờ nộp", fields=papers),
                field("fee", "money", "Lệ phí", calculate="pages == null ? null : pages * 2000", width=4),
                field("visit", "text", "Lượt", default="'L1'", owner="engine", width=3),
                field("received_at", "datetime", "Nhận lúc", owner="engine", width=4),
                field("due", "datetime", "Hẹn trả", owner="engine", width=4),
                field("code", "text", "Mã hồ sơ", owner="engine", width=4),
                field("reason", "text", "Lý do từ chối", relevant="state == 'refused'"),
            ),
        ),
    )
    states = (
        State("draft", Label("Nháp", "Draft"), kind="draft"),
        State("received", Label("Đã tiếp nhận", "Received")),
        State("done", Label("Đã trả", "Done"), kind="final", locked=True),
        State("refused", Label("Từ chối", "Refused"), kind="void", locked=True),
    )
    actions = (
        Action(
            id="receive",
            label=Label("Tiếp nhận, in giấy hẹn", "Receive"),
            from_=("draft",),
            to="received",
            takes_number=True,
            main=True,
            sets={"received_at": "now()"},
        ),
        Action(id="finish", label=Label("Trả kết quả", "Hand over"), from_=("received",), to="done", main=True),
        Action(
            id="refuse",
            label=Label("Từ chối", "Refuse"),
            from_=("draft", "received"),
            to="refused",
            asks=("reason",),
            danger=True,
        ),
    )
    return _record(
        DOSSIER,
        "Hồ sơ",
        "label('procedure')",
        sections,
        states=states,
        actions=actions,
        scope="onestop",
        subtitle="look(applicant, 'full_name')",
        register=Register(id="book", kind="local", field="code", format="{n:04d}/{yyyy}"),
        deadline=Deadline(start="received_at", field="due", amount="3", unit="'working_day'"),
        printouts=(Printout(id="receipt", label=Label("Giấy hẹn", "Receipt"), template="receipt.html"),),
        deliveries=(Delivery("city_portal", ("received",)),),
        rules=(Message("pages == null || pages < 1000", Label("Quá nhiều trang", "Too many pages")),),
        visit="visit",
        duplicate=("visit",),
    )


ALL_TYPES = [
    "text",
    "longtext",
    "code",
    "email",
    "int",
    "decimal",
    "percent",
    "money",
    "date",
    "date_partial",
    "time",
    "datetime",
    "bool",
    "one_of",
    "many_of",
    "person",
    "household",
    "organisation",
    "ref",
    "refs",
    "citizen_number",
    "tax_code",
    "phone",
    "admin_unit",
    "address",
    "file",
    "files",
    "signature",
    "group",
]


def everything() -> RecordType:
    """One field of each type."""
    some = choices(a="Một", b="Hai", c="Ba")
    more: dict[str, dict[str, Any]] = {
        "one_of": {"choices": some},
        "many_of": {"choices": some},
        "ref": {"targets": (DOSSIER,)},
        "refs": {"targets": (DOSSIER,)},
        "group": {"fields": (field("what", "text", "Cái gì"), field("count", "int", "Bao nhiêu"))},
        "citizen_number": {"masked": True},
    }
    fields = tuple(field(f"f_{kind}", kind, f"Ô {kind}", **more.get(kind, {})) for kind in ALL_TYPES)
    return _record(EVERYTHING, "Mọi kiểu ô", "f_text", (Section("all", Label("Tất cả", "All"), fields),))


def make_catalog(folder: Path) -> Catalog:
    """The catalogue, with its one template under ``folder``."""
    (folder / "desk" / "print").mkdir(parents=True, exist_ok=True)
    (folder / "desk" / "print" / "receipt.html").write_text(TEMPLATE, encoding="utf-8")
    household = _record("residence.household", "Hộ gia đình", "head", (_one("head"),), scope="people")
    organisation = _record("residence.organisation", "Tổ chức", "name", (_one("name"),), scope="people")
    return Catalog(
        version="t1",
        tools=(
            _tool("desk", "Một cửa", (dossier(), everything())),
            _tool("residence", "Dân cư", (citizen(), household, organisation)),
        ),
        choices={},
        roles=(Role("clerk", Label("Tiếp nhận", "Clerk"), ("onestop", "people", "open")),),
        scopes=tuple(Scope(s, Label(s, s)) for s in ("onestop", "people", "open")),
        services=(Service("city_portal", Label("Hệ thống TTHC Hà Nội", "City portal")),),
        folder=str(folder),
    )


def _one(name: str) -> Section:
    return Section("main", Label("Chung", "General"), (field(name, "text", "Tên", required=True, search=True),))


def _tool(tool_id: str, vi: str, records: tuple[RecordType, ...]) -> Tool:
    label = Label(vi, tool_id)
    return Tool(id=tool_id, label=label, short=label, group="desk", records=records)
