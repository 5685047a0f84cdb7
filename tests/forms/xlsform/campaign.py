"""An invented survey, written the way its authors write one: a health data campaign, with what can and cannot be kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xlsxwriter

Row = dict[str, Any]
VI, EN = "label::Tiếng Việt (vi)", "label::English (en)"
MESSAGE = "constraint_message::Tiếng Việt (vi)"


def q(kind: str, name: str = "", vi: str = "", en: str = "", **more: Any) -> Row:
    row = {"type": kind, "name": name, VI: vi, EN: en, **more}
    return {key: value for key, value in row.items() if value != ""}


SURVEY: list[Row] = [
    q("start", "start"),
    q("deviceid", "deviceid"),
    q("begin group", "who", "Người được hỏi", "Respondent"),
    q("text", "fullName", "Họ và tên", "Full name", required="yes"),
    q("date", "dob", "Ngày sinh", "Date of birth", constraint=". <= today()", **{MESSAGE: "Ngày sinh ở tương lai"}),
    q("calculate", "age", "Tuổi", "Age", calculation="int((today() - ${dob}) div 365.25)"),
    q("select_one gender", "gender", "Giới tính", "Sex", required="true()", appearance="minimal"),
    q("text", "phone", "Điện thoại", "Phone", constraint="regex(., '^0[0-9]{9}$')"),
    q("end group"),
    q("note", "hello", "Hỏi từng bệnh một", "Ask for each illness"),
    q("select_multiple illness or_other", "illnesses", "Bệnh nền", "Illnesses", constraint="count-selected(.) <= 2"),
    q("begin group", "body", "Thể trạng", "Body", relevant="${age} >= 2"),
    q("decimal", "weight", "Cân nặng (kg)", "Weight (kg)", constraint=". > 0 and . < 300"),
    q("range", "pain", "Mức đau", "Pain", parameters="start=0 end=10 step=1"),
    q("integer", "height", "Chiều cao (cm)", "Height (cm)"),
    q(
        "calculate",
        "bmi",
        "BMI",
        "BMI",
        calculation="round(${weight} div ((${height} div 100) * (${height} div 100)), 1)",
    ),
    q("text", "pregnancy", "Thai kỳ", "Pregnancy", relevant="${gender} = 'f' and not(selected(${illnesses}, 'none'))"),
    q("end group"),
    q("select_one province", "province", "Tỉnh", "Province"),
    q("select_one ward", "ward", "Phường", "Ward", choice_filter="province=${province}"),
    q("begin repeat", "drugs", "Thuốc đang dùng", "Drugs"),
    q("text", "drug", "Tên thuốc", "Drug", required="yes"),
    q("integer", "boxes", "Số hộp", "Boxes", constraint=". > 0"),
    q("integer", "left", "Còn lại", "Left", relevant="${boxes} > 1"),
    q("end repeat"),
    q("calculate", "all_boxes", "Tổng số hộp", "All boxes", calculation="sum(${boxes})"),
    q("calculate", "how_many", "Số loại", "Kinds", calculation="count(${drugs})"),
    q("geopoint", "where", "Vị trí", "Position"),
    q("image", "photo", "Ảnh", "Photo"),
    q("acknowledge", "agrees", "Đồng ý", "Agrees", required="yes"),
    q("text", "old", "Tra cứu", "Looked up", calculation="pulldata('a', 'b', 'c', ${fullName})"),
    q("text", "thanks", "Cảm ơn ${fullName}", "Thanks"),
]
CHOICES: list[Row] = [
    {"list_name": "gender", "name": "m", VI: "Nam", EN: "Male"},
    {"list_name": "gender", "name": "f", VI: "Nữ", EN: "Female"},
    {"list_name": "illness", "name": "none", VI: "Không", EN: "None"},
    {"list_name": "illness", "name": "hbp", VI: "Tăng huyết áp", EN: "High blood pressure"},
    {"list_name": "illness", "name": "dm", VI: "Đái tháo đường", EN: "Diabetes"},
    {"list_name": "province", "name": 1, VI: "Hà Nội", EN: "Hanoi"},
    {"list_name": "province", "name": 2, VI: "Huế", EN: "Hue"},
    {"list_name": "ward", "name": "hk", VI: "Hoàn Kiếm", EN: "Hoan Kiem", "province": 1},
    {"list_name": "ward", "name": "ph", VI: "Phú Hội", EN: "Phu Hoi", "province": 2},
]
SETTINGS: Row = {"form_title": "Chiến dịch dữ liệu sức khỏe 90 ngày", "form_id": "health90", "style": "pages"}


def write(path: Path, survey: list[Row], choices: list[Row] | None = None, settings: Row | None = None) -> Path:
    """An .xlsx with these rows; the columns in the order they first appear."""
    with xlsxwriter.Workbook(path) as book:
        for name, rows in (
            ("survey", survey),
            ("choices", choices or []),
            ("settings", [settings] if settings else []),
        ):
            sheet = book.add_worksheet(name)
            columns = list(dict.fromkeys(key for row in rows for key in row))
            for at, column in enumerate(columns):
                sheet.write(0, at, column)
            for number, row in enumerate(rows, 1):
                for column, value in row.items():
                    sheet.write(number, columns.index(column), value)
    return path
