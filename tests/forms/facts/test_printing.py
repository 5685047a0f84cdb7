"""Paper: what the officer hands out, and what happens when a template is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from forms.definition import Action, Catalog, ListView, Printout, RecordType, Register, State, Tool
from forms.field_definition import Choice, Field, Section
from forms.label import Label
from forms.printing import PrintContext, PrintError, render

PERSON = {"full_name": "Nguyễn Thị Ánh <Hồng>", "dob": "1990-03", "personal_id": "001190000123"}


def label(text: str) -> Label:
    return Label(text, text)


def record_type(name: str, fields: Sequence[Field], printouts: Sequence[Printout] = ()) -> RecordType:
    return RecordType(
        id=name,
        label=label(name),
        title="''",
        sections=(Section("main", label("Chính"), tuple(fields)),),
        states=(State("draft", label("Nháp"), "draft"), State("done", label("Đã xong"), "final")),
        actions=(Action(id="finish", label=label("Xong"), from_=("draft",), to="done"),),
        list_view=ListView(()),
        printouts=tuple(printouts),
        register=Register(id="book", kind="leased", field="cert_no", format="{n}/{yyyy}") if printouts else None,
    )


def field(name: str, kind: Any, **more: Any) -> Field:
    return Field(name=name, type=kind, label=label(name), **more)


PAPER_FIELDS = (
    field("cert_no", "code"),
    field("person_ref", "person"),
    field("fee", "money"),
    field("at", "datetime"),
    field("channel", "one_of", choices=(Choice("direct", label("Trực tiếp")),)),
    field("home", "address"),
    field("note", "longtext"),
    field("urgent", "bool"),
    field("reason", "text", relevant="urgent == true"),
    field("rows", "group", fields=(field("name", "text"), field("sheets", "int"))),
)


@pytest.fixture
def paper(tmp_path: Path) -> Callable[..., str]:
    """Renders a template body; keywords are fields of the one record, or of the context when they begin with ``_``."""
    (tmp_path / "desk" / "print").mkdir(parents=True)

    def make(
        body: str,
        fields: Mapping[str, Any] | None = None,
        *,
        proof: bool = False,
        number: str | None = "5/2026",
        state: str = "done",
        **context: Any,
    ) -> str:
        printout = Printout(
            id="slip", label=label("Phiếu"), template="slip.html", proof=proof, includes={"steps": "desk.step.of"}
        )
        (tmp_path / "desk" / "print" / "slip.html").write_text(body, "utf-8")
        kinds = (
            record_type("desk.paper", PAPER_FIELDS, [printout]),
            record_type("desk.step", [field("of", "ref", targets=("desk.paper",)), field("name", "text")]),
        )
        citizen = record_type(
            "residence.citizen",
            [field("full_name", "text"), field("dob", "date_partial"), field("personal_id", "citizen_number")],
        )
        catalog = Catalog(
            version="1",
            tools=(
                Tool(id="desk", label=label("Bàn"), short=label("Bàn"), group="g", records=kinds),
                Tool(id="residence", label=label("Dân cư"), short=label("Dân cư"), group="g", records=(citizen,)),
            ),
            choices={},
            folder=str(tmp_path),
        )
        record = {"id": "r1", "state": state, "number": number, "fields": dict(fields or {})}
        around = PrintContext(
            **{
                "ward": {"code": "00070", "name": "Phường Hoàn Kiếm", "org_code": "H26.1", "place": "Hoàn Kiếm"},
                "officer": {"id": "o1", "name": "Trần Văn Bình"},
                "now": lambda: datetime(2026, 1, 4, 20, 0, tzinfo=UTC),
                "resolve": {"p1": PERSON}.get,
                "related": lambda kind, name, of: [
                    {"id": "s1", "state": "done", "fields": {"of": of, "name": "Bước một"}}
                ],
                **context,
            }
        )
        return render(kinds[0], "slip", catalog, [record], context=around)

    return make


LETTER = '{% extends "paper/letter.html" %}{% block body %}BODY{% endblock %}'


def test_a_letter_has_the_heading_of_decree_30(paper: Callable[..., str]) -> None:
    html = paper(LETTER)
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in html
    assert "PHƯỜNG HOÀN KIẾM" in html
    assert "Số: 5/2026" in html
    assert "Hoàn Kiếm, ngày 05 tháng 01 năm 2026" in html  # 20:00 UTC is the next morning here


def test_values_print_as_people_read_them(paper: Callable[..., str]) -> None:
    fields = {
        "fee": 8000,
        "at": "2026-11-22T07:30:00Z",
        "channel": "direct",
        "home": {"unit": "00070", "detail": "12 Hàng Bài"},
        "note": "một\nhai",
        "urgent": True,
        "rows": [{"_id": "a", "name": "Tờ khai", "sheets": 2}, {"_id": "b", "name": None, "sheets": 3}],
    }
    body = (
        "{{ record.fee }}|{{ record.fee|words }}|{{ record.at }}|{{ record.channel }}|{{ record.channel == 'direct' }}|{{ record.home }}"
        "|{{ record.note }}|{{ record.urgent }}|{% for row in record.rows %}{{ loop.index }}.{{ row.name }};{% endfor %}"
        "|{{ total(record.rows, 'sheets') }}|{{ (record.fee * 2)|money }}|{{ record.state_label }}"
    )
    assert paper(body, fields).split("|") == [
        "8.000", "Tám nghìn đồng chẵn", "22/11/2026 14:30", "Trực tiếp", "Có",
        "12 Hàng Bài, Phường Hoàn Kiếm, Thành phố Hà Nội", "một<br>hai", "Có", "1.Tờ khai;2.……;", "5", "16.000", "Đã xong",
    ]  # fmt: skip


def test_nothing_prints_as_dots_and_is_false(paper: Callable[..., str]) -> None:
    body = "{{ record.fee }}|{{ record.fee|words }}|{{ record.person_ref.full_name }}|{{ record.person_ref }}|{{ record.note or '' }}|{% if record.at %}x{% endif %}"
    assert paper(body) == "……|……|……|……||"


def test_a_field_that_is_not_relevant_is_left_out(paper: Callable[..., str]) -> None:
    assert paper("{{ record.reason }}", {"reason": "gấp", "urgent": True}) == "gấp"
    assert paper("{{ record.reason }}", {"reason": "gấp", "urgent": False}) == "……"


def test_a_person_is_printed_as_frozen_at_signing(paper: Callable[..., str]) -> None:
    body = "{{ record.person_ref.full_name }}|{{ record.person_ref.dob }}|{{ frozen('person_ref', 'full_name') }}|{{ record.person_ref.personal_id|mask }}"
    today = paper(body, {"person_ref": "p1"})
    assert today == "Nguyễn Thị Ánh &lt;Hồng&gt;|03/1990|Nguyễn Thị Ánh &lt;Hồng&gt;|001190******"
    signed = paper(body, {"person_ref": "p1", "_frozen": {"person_ref": {"full_name": "Nguyễn Thị Anh"}}})
    assert signed.startswith("Nguyễn Thị Anh|03/1990|Nguyễn Thị Anh|")


def test_banners(paper: Callable[..., str]) -> None:
    assert "IN LẠI" not in paper(LETTER)
    assert "IN LẠI LẦN 2" in paper(LETTER, copy_number=3)
    assert "BẢN KIỂM TRA" in paper(LETTER, proof=True)


def test_a_paper_without_its_final_number_says_so(paper: Callable[..., str]) -> None:
    waiting = paper(LETTER, number=None)
    assert "(chờ cấp số)" in waiting
    assert "CHỜ CẤP SỐ" in waiting
    temporary = paper(LETTER, {"_temporary": "TMP-Q2-261122-0001"}, number=None)
    assert "Số: TMP-Q2-261122-0001" in temporary
    assert "SỐ TẠM – chưa có số chính thức" in temporary
    assert "Số: 7/2026" in paper(LETTER, {"cert_no": "7/2026"}, number=None)
    declared = paper(LETTER, number=None, state="draft")
    assert "CHỜ CẤP SỐ" not in declared  # a declaration waits for no number


def test_records_that_point_here(paper: Callable[..., str]) -> None:
    body = "{% for step in steps %}{{ step.name }}{% endfor %}{{ includes.steps|length }}{% for step in related('desk.step', 'of') %}{{ step.name }}{% endfor %}"
    assert paper(body) == "Bước một1Bước một"


def test_macros_and_qr(paper: Callable[..., str]) -> None:
    body = (
        '{{ signatures([{"role": "NGƯỜI NỘP"}, {"role": "CHỦ TỊCH", "over": "TM. ỦY BAN NHÂN DÂN", "name": officer.name}]) }}'
        '{{ line("Phí", record.fee) }}{{ pair("a", 1, "b", 2) }}{{ columns(["STT"]) }}{{ recipients(["Lưu: VT."]) }}{{ qr("x" * 30) }}{{ box(true) }}'
    )
    html = paper(body, {"fee": 2000})
    assert "TM. ỦY BAN NHÂN DÂN" in html
    assert "Phí: 2.000" in html
    assert 'src="data:image/png;base64,' in html
    assert "☒" in html


@pytest.mark.parametrize(
    ("body", "line", "reason"),
    [
        ("a\n{{ record.nonsense }}", 2, "nonsense"),
        ("a\n\n{{ nonsense }}", 3, "nonsense"),
        ("{{ record.fee.__class__ }}", 1, "__class__"),
        ("{{ record.view_values }}", 1, "view_values"),
        ("a\n{% if %}", 2, ""),
        ("{{ record.fee + record.fee }}", 1, ""),
        ('{% extends "paper/none.html" %}', 1, "none.html"),
        ("{% for row in record.rows %}\n{{ row.other }}{% endfor %}", 2, "other"),
        ("{{ record.person_ref.shoe_size }}", 1, "shoe_size"),
    ],
)
def test_a_wrong_template_says_where_and_why(paper: Callable[..., str], body: str, line: int, reason: str) -> None:
    with pytest.raises(PrintError) as caught:
        paper(body, {"rows": [{"_id": "a"}]})
    assert caught.value.template in ("slip.html", "none.html")
    assert caught.value.line == line
    assert reason in caught.value.reason
    assert "slip.html" in str(caught.value)
    assert "slip.html" in caught.value.label.en


def test_no_such_printout_and_no_record(paper: Callable[..., str]) -> None:
    kind = record_type("desk.paper", PAPER_FIELDS, [Printout(id="slip", label=label("x"), template="slip.html")])
    catalog = Catalog(
        version="1", tools=(Tool(id="desk", label=label(""), short=label(""), group="g", records=(kind,)),), choices={}
    )
    context = PrintContext(
        ward={}, officer={}, now=datetime(2026, 1, 1, tzinfo=UTC), resolve=lambda _id: None, related=lambda *_: []
    )
    cases: list[tuple[str, list[dict[str, Any]]]] = [("other", [{}]), ("slip", [])]
    for printout, records in cases:
        with pytest.raises(PrintError):
            render(kind, printout, catalog, records, context=context)
