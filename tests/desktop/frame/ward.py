"""A small ward for the frame's tests: four tools, two officers, invented people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from forms.definition import Action, Catalog, Column, Deadline, Filter, ListView, RecordType, State, Tool
from forms.field_definition import Choice, Field, Section
from forms.label import Label
from forms.office_definition import Role
from sync.clock import FixedClock, moment_text
from sync.ids import IdSource
from sync.protocol import Officer, PullAnswer, RecordVersion
from sync.store import Store
from sync.store.model import Enrolment, Record, Save

NOW = datetime(2026, 11, 23, 2, 41, tzinfo=UTC)  # Monday 09:41 in Hanoi
KEY = bytes(range(32))
HA = Officer("o-ha", "Trần Thu Hà", ("reception",), "H26.70")
NAM = Officer("o-nam", "Vũ Đức Nam", ("civil_status",), "H26.70")


def label(vi: str, en: str) -> Label:
    return Label(vi, en)


def citizen() -> RecordType:
    return RecordType(
        id="residence.citizen",
        label=label("Công dân", "Citizen"),
        title="full_name",
        scope="people",
        sections=(
            Section(
                "who",
                label("Nhân thân", "Identity"),
                (
                    Field(
                        name="personal_id",
                        type="citizen_number",
                        label=label("Số định danh", "Personal number"),
                        masked=True,
                        search=True,
                    ),
                    Field(
                        name="full_name", type="text", label=label("Họ và tên", "Full name"), required=True, search=True
                    ),
                    Field(name="dob", type="date_partial", label=label("Ngày sinh", "Date of birth")),
                ),
            ),
        ),
        states=(State("active", label("Đang quản lý", "Active")),),
        actions=(),
        list_view=ListView((Column("full_name"), Column("personal_id"), Column("dob")), sort="full_name"),
        duplicate=("personal_id",),
        icon="person",
    )


def dossier() -> RecordType:
    return RecordType(
        id="onestop.dossier",
        label=label("Hồ sơ một cửa", "Dossier"),
        title="subject",
        subtitle='look(applicant, "full_name")',
        scope="onestop",
        sections=(
            Section(
                "what",
                label("Thủ tục", "Procedure"),
                (
                    Field(
                        name="subject",
                        type="text",
                        label=label("Thủ tục", "Procedure"),
                        required=True,
                        search=True,
                        width=12,
                    ),
                    Field(name="applicant", type="person", label=label("Người nộp", "Applicant")),
                    Field(name="received_at", type="datetime", label=label("Nhận lúc", "Received at")),
                    Field(name="due_at", type="datetime", label=label("Hẹn trả", "Due")),
                    Field(name="fee", type="money", label=label("Lệ phí", "Fee")),
                    Field(
                        name="channel",
                        type="one_of",
                        label=label("Hình thức nộp", "Channel"),
                        choices=(
                            Choice("desk", label("Trực tiếp", "At the desk")),
                            Choice("web", label("Trực tuyến", "Online")),
                        ),
                    ),
                    Field(name="note", type="longtext", label=label("Ghi chú", "Note"), width=12),
                ),
            ),
        ),
        states=(
            State("new", label("Mới tiếp nhận", "Received")),
            State("working", label("Đang xử lý", "In progress")),
            State("supplement", label("Chờ bổ sung", "Waiting for papers"), kind="waiting", clock=False),
            State("returned", label("Đã trả kết quả", "Returned"), kind="final", locked=True),
        ),
        actions=(
            Action(id="start", label=label("Chuyển xử lý", "Start"), from_=("new",), to="working", main=True),
            Action(id="return", label=label("Trả kết quả", "Return"), from_=("working",), to="returned"),
        ),
        list_view=ListView(
            (
                Column("_due"),
                Column("_title"),
                Column("applicant"),
                Column("_state"),
                Column("fee"),
                Column("_updated"),
            ),
            filters=(
                Filter("open", label("Đang giải quyết", "Open"), ("new", "working", "supplement")),
                Filter("done", label("Đã trả", "Returned"), ("returned",)),
            ),
        ),
        deadline=Deadline(start="received_at", field="due_at", amount="5", unit='"working_day"'),
        icon="dossier",
        begun_by=("reception",),
    )


def plain(type_id: str, name: Label, icon: str, role: str) -> RecordType:
    return RecordType(
        id=type_id,
        label=name,
        title="subject",
        sections=(
            Section(
                "main",
                label("Nội dung", "Contents"),
                (
                    Field(name="subject", type="text", label=label("Trích yếu", "Subject"), required=True, search=True),
                    Field(name="due_on", type="datetime", label=label("Hạn", "Due")),
                ),
            ),
        ),
        states=(State("new", label("Mới", "New")), State("done", label("Xong", "Done"), kind="final")),
        actions=(Action(id="finish", label=label("Hoàn thành", "Finish"), from_=("new",), to="done", main=True),),
        list_view=ListView((Column("_title"), Column("_due"), Column("_state"))),
        deadline=Deadline(start="due_on", field="due_on", amount="0", unit='"day"'),
        icon=icon,
        begun_by=(role,) if role else (),
    )


def catalog() -> Catalog:
    birth = plain("civil_status.birth", label("Khai sinh", "Birth"), "birth", "civil_status")
    marriage = plain("civil_status.marriage", label("Kết hôn", "Marriage"), "marriage", "civil_status")
    incoming = plain("documents.incoming", label("Văn bản đến", "Incoming document"), "document-in", "")
    tools = (
        Tool(
            id="onestop",
            label=label("Một cửa", "One-stop desk"),
            short=label("Hồ sơ", "Dossiers"),
            group="desk",
            records=(dossier(),),
            icon="dossier",
        ),
        Tool(
            id="civil_status",
            label=label("Hộ tịch", "Civil status"),
            short=label("Hộ tịch", "Civil status"),
            group="justice",
            records=(birth, marriage),
            icon="book",
        ),
        Tool(
            id="documents",
            label=label("Văn bản", "Documents"),
            short=label("Văn bản đến", "Incoming"),
            group="office",
            records=(incoming,),
            icon="document-in",
        ),
        Tool(
            id="residence",
            label=label("Dân cư", "Residents"),
            short=label("Dân cư", "Residents"),
            group="people",
            records=(citizen(),),
            icon="people",
        ),
    )
    groups = {
        "desk": label("Một cửa", "One-stop desk"),
        "justice": label("Tư pháp", "Justice"),
        "office": label("Văn phòng", "Office"),
        "people": label("Dân cư", "Residents"),
    }
    scopes = ("onestop", "people", "open")
    roles = (
        Role("reception", label("Tiếp nhận", "Reception"), scopes),
        Role("civil_status", label("Hộ tịch", "Civil status"), scopes),
    )
    return Catalog(version="2026.11", tools=tools, choices={}, roles=roles, groups=groups)


def clock() -> FixedClock:
    return FixedClock(NOW)


def enrolment(*officers: Officer) -> Enrolment:
    return Enrolment(
        url="https://gateway.invalid",
        token="t",
        device="Q2",
        wards={"00070": "Phường Hoàn Kiếm"},
        officers=officers or (HA, NAM),
    )


def make_store(folder: Path, at: FixedClock, of: Catalog | None = None) -> Store:
    store = Store.create(folder, KEY, of or catalog(), at)
    store.set_enrolment(enrolment())
    return store


def add(store: Store, type_id: str, officer: Officer = HA, state: str | None = None, **fields: Any) -> Record:
    return store.save([Save(type=type_id, fields=fields, state=state)], officer)[0]


def arrives(store: Store, type_id: str, fields: dict[str, Any]) -> str:
    """A record that a city service sent, and nobody here has opened; its id."""
    record_type = catalog().record_type(type_id)
    record_id = IdSource(store.clock).new()
    version = RecordVersion(
        id=record_id,
        type=type_id,
        ward="00070",
        scope=record_type.scope,
        revision=int(record_id[-3:], 16) + 1,
        state=record_type.initial_state,
        fields=fields,
        origin="tthc",
    )
    store.changes.apply_pull(PullAnswer(records=(version,), cursor=1), "00070", record_type.scope)
    return record_id


def add_dossier(store: Store, subject: str, *, due_hours: float = 48, **fields: Any) -> Record:
    due = moment_text(store.clock.now() + timedelta(hours=due_hours))
    return add(store, "onestop.dossier", subject=subject, due_at=due, **fields)
