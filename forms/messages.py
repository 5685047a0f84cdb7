"""What the program itself tells an officer about a field or an action, in both languages: one table.

Messages of a tool's own rules stand in its definition. Placeholders are filled by ``message``; a ``Label`` given for one
is filled in the language of each text.
"""

from __future__ import annotations

from forms.label import Label

_TEXTS: dict[str, tuple[str, str]] = {
    # values as typed
    "text": ("phải là chữ", "must be text"),
    "too_long": ("dài quá {most} ký tự: hãy viết gọn lại", "is longer than {most} characters: shorten it"),
    "int": ("phải là số nguyên, ví dụ 12", "must be a whole number, for example 12"),
    "decimal": ("phải là số, ví dụ 1,5", "must be a number, for example 1.5"),
    "percent": ("phải là số từ 0 đến 100", "must be a number from 0 to 100"),
    "money": ("phải là số tiền chẵn đồng, ví dụ 8.000", "must be a whole amount of đồng, for example 8,000"),
    "number_size": ("là số quá lớn", "is too large a number"),
    "date": ("phải là ngày có thật, ví dụ 22/11/2026", "must be a real date, for example 22/11/2026"),
    "date_partial": (
        "phải là ngày, tháng hoặc năm, ví dụ 07/03/1950, 03/1950 hoặc 1950",
        "must be a date, a month or a year, for example 07/03/1950, 03/1950 or 1950",
    ),
    "no_such_month": (
        "ghi tháng {month}, nhưng năm chỉ có 12 tháng: ghi ngày trước, tháng sau",
        "has month {month}, but a year has 12: write the day first, then the month",
    ),
    "no_such_day": (
        "ghi ngày {day}, nhưng tháng {month} chỉ có {last} ngày",
        "has day {day}, but {month} has only {last} days",
    ),
    "year_range": ("có năm ngoài khoảng 1800–2200", "has a year outside 1800–2200"),
    "time": ("phải là giờ, ví dụ 14:30", "must be a time, for example 14:30"),
    "datetime": ("phải là ngày và giờ, ví dụ 22/11/2026 14:30", "must be date and time, for example 22/11/2026 14:30"),
    "bool": ("phải là có hoặc không", "must be yes or no"),
    "choice": ("không có “{text}” trong danh sách", "“{text}” is not in the list"),
    "choice_ambiguous": ("“{text}” có thể là nhiều mục: hãy chọn một", "“{text}” may be several entries: pick one"),
    "email": ("phải là địa chỉ thư, ví dụ ten@hanoi.gov.vn", "must be an e-mail address, for example ten@hanoi.gov.vn"),
    "reference": (
        "chưa gắn với ai hay hồ sơ nào: hãy chọn trong danh sách gợi ý",
        "is linked to no one: pick from the list",
    ),
    "admin_unit": ("không có xã, phường “{text}”", "there is no commune or ward “{text}”"),
    "admin_unit_old": (
        "ghi tên cũ “{text}”: nay là {now}",
        "has the old name “{text}”: it is now {now}",
    ),
    "admin_unit_ambiguous": (
        "có nhiều xã, phường tên “{text}”: hãy ghi kèm tỉnh, thành phố",
        "several communes are called “{text}”: add the province",
    ),
    "address": ("phải là địa chỉ", "must be an address"),
    "file": ("phải là tệp đã đính kèm", "must be an attached file"),
    "signature": ("phải là chữ ký của một cán bộ", "must be an officer's signature"),
    "rows": ("phải là các dòng của bảng", "must be rows of the table"),
    "unknown_column": ("có cột lạ “{text}”", "has an unknown column “{text}”"),
    "list": ("phải là danh sách", "must be a list"),
    # rules of every form; {label} is the field's name
    "invalid": ("{label} {reason}", "{label} {reason}"),
    "required": ("Chưa nhập {label}", "{label} is missing"),
    "required_tick": ("Chưa đánh dấu ô “{label}”", "“{label}” is not ticked"),
    "pattern": ("{label} chưa đúng mẫu: hãy xem lại từng ký tự", "{label} does not have the expected form: check it"),
    "not_a_choice": (
        "{label} không còn trong danh sách được chọn: hãy chọn lại",
        "{label} is no longer among the choices: pick again",
    ),
    "former_choice": (
        "{label}: lựa chọn của mẫu cũ, giữ nguyên được hoặc chọn lại",
        "{label}: a choice of a former form; it may stay, or pick again",
    ),
    "min_rows": ("{label} cần ít nhất {least} dòng", "{label} needs at least {least} rows"),
    "locked": (
        "{label} đã khóa ở bước “{state}”, không sửa được",
        "{label} is locked in “{state}” and cannot be changed",
    ),
    "retired": (
        "{label} là mục cũ, chỉ còn để xem",
        "{label} is a retired field, kept to be read",
    ),
    "calculated": ("{label} do máy tính, không sửa được", "{label} is calculated and cannot be changed"),
    "owned": ("{label} do hệ thống ghi, không sửa được", "{label} is written by the system and cannot be changed"),
    "unknown_field": ("Không có trường “{name}”", "There is no field “{name}”"),
    "unknown_row": ("{label}: không có dòng này", "{label}: there is no such row"),
    # actions
    "unknown_action": ("Không có việc “{name}”", "There is no action “{name}”"),
    "wrong_state": (
        "Không làm được “{action}” khi hồ sơ ở bước “{state}”",
        "“{action}” cannot be done while the record is in “{state}”",
    ),
    "wrong_role": ("Việc này do {roles} làm", "This is done by: {roles}"),
    "same_officer": (
        "Người đã ghi ở “{label}” không được tự làm việc này: cần người khác",
        "Whoever stands at “{label}” may not do this: another officer must",
    ),
}


def message(key: str, **values: Label | str | int) -> Label:
    """The text ``key`` with its placeholders filled, in both languages."""
    vi, en = _TEXTS[key]
    return Label(vi.format(**_in(values, "vi")), en.format(**_in(values, "en")))


def missing(label: Label, kind: str) -> Label:
    """What is said of a field without a value, by its type: a box is not typed into."""
    return message("required_tick" if kind == "bool" else "required", label=label)


def _in(values: dict[str, Label | str | int], language: str) -> dict[str, str | int]:
    return {name: value.get(language) if isinstance(value, Label) else value for name, value in values.items()}
