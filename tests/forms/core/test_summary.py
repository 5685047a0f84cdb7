from __future__ import annotations

from threading import Thread
from typing import Any

from forms.definition import Catalog
from forms.loader import load_catalog
from forms.summary import Summary, describe

from .conftest import PEOPLE

FIELDS: dict[str, Any] = {
    "borrower": "old", "kind": "01", "phone": "+84912345678", "total": 3000, "due_at": "2026-11-27T10:00:00Z",
}  # fmt: skip


def summary(catalog: Catalog, fields: dict[str, Any], state: str = "lent", number: str | None = "0001/2026") -> Summary:
    loan = catalog.record_type("lending.loan")
    return describe(loan, catalog, fields, state=state, number=number, resolve=PEOPLE.get)


def test_title_search_and_sorting(catalog: Catalog) -> None:
    found = summary(catalog, FIELDS)
    assert (found.title, found.subtitle) == ("0001/2026 · Nguyễn Thị Ánh", "Bản đồ")
    for words in ("0001/2026", "Nguyễn Thị Ánh", "0912345678"):
        assert words in found.search_text
    assert found.sort["total"] == 3000
    assert found.sort["_number"] == "0001/2026"
    other = summary(catalog, {"borrower": "child", "kind": "book"})
    assert found.sort["borrower"] < other.sort["borrower"]  # Ánh before Bé


def test_the_due_moment_is_the_deadlines_field(catalog: Catalog) -> None:
    found = summary(catalog, FIELDS)
    assert found.due_at == found.sort["_due"] == "2026-11-27T10:00:00Z"
    assert summary(catalog, {}).due_at is None


def test_a_record_with_nothing_in_it_still_has_a_name(catalog: Catalog) -> None:
    assert summary(catalog, {}, "draft", None).title == "Phiếu mượn"
    citizen = describe(
        catalog.record_type("residence.citizen"),
        catalog,
        {"full_name": "An"},
        state="active",
        number=None,
        resolve=PEOPLE.get,
    )
    assert citizen.title == "An"


def test_foreign_values_do_not_stop_it(catalog: Catalog) -> None:
    found = summary(catalog, {"borrower": ["x"], "kind": 5, "phone": {"a": 1}, "total": "?", "due_at": None})
    assert found.title


def test_several_threads_describe_at_once(catalog: Catalog) -> None:
    wrong: list[str] = []

    def run(number: str) -> None:
        wrong.extend(
            t for _ in range(300) if not (t := summary(catalog, FIELDS, number=number).title).startswith(number)
        )

    threads = [Thread(target=run, args=(f"{n:04d}/2026",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_masked_number_shows_its_part_in_titles_and_is_found_whole() -> None:
    catalog = load_catalog()
    citizen = catalog.record_type("residence.citizen")
    fields = {"full_name": "Lý Thị Bé", "personal_id": "001190012345", "dob": "1990"}
    found = describe(citizen, catalog, fields, state="active", number=None, resolve=lambda _: None)
    assert found.subtitle == "001190****** · 1990"
    assert "001190012345" in found.search_text


def test_a_procedure_is_told_by_its_code_and_not_found_by_the_words_of_a_list() -> None:
    catalog = load_catalog()
    procedure = catalog.record_type("onestop.procedure")
    fields = {"name": "Đăng ký khai sinh", "code": "1.001193", "authority_level": "ward", "sector_code": "civil_status"}
    told = {
        language: describe(
            procedure, catalog, fields, state="active", number=None, resolve=lambda _: None, language=language
        )
        for language in ("vi", "en")
    }
    assert told["vi"].subtitle == "1.001193 · Hộ tịch · Cấp xã"
    assert told["en"].subtitle == "1.001193 · Civil status · Ward"
    assert "1.001193" in told["vi"].search_text
    assert "Cấp xã" not in told["vi"].search_text
