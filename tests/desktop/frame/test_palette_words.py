"""What the palette finds by the words an officer would type, and what stands first."""

from __future__ import annotations

from desktop.language import use_language
from desktop.models.palette import Offer, list_offers, matching, named_kinds, report_offers
from forms.loader import load_catalog
from forms.vietnamese import fold


def offer(title: str) -> Offer:
    return Offer(title, lambda: None)


def test_a_word_as_it_was_typed_goes_before_one_that_begins_with_it() -> None:
    offers = [offer("Tạo mới: Chứng thực hợp đồng"), offer("Tạo mới: Biến động"), offer("Tạo mới: Đơn")]
    first, *others = matching(offers, "tao moi don")
    assert first.title == "Tạo mới: Đơn" and others == offers[:2]
    found = [each.title for each in matching(offers, "moi d")]
    assert found == [each.title for each in offers], "in their own order where none is typed whole"


def test_a_title_that_begins_with_the_text_stays_first() -> None:
    offers = [offer("Hồ sơ đơn"), offer("Đơn thư"), offer("Đơn")]
    assert [each.title for each in matching(offers, "đơn")] == ["Đơn thư", "Đơn", "Hồ sơ đơn"]


def test_a_report_is_found_by_the_word_report_and_its_tool() -> None:
    use_language("vi")
    catalog = load_catalog()
    seen = {record.id for record in catalog.record_types}
    reports = report_offers(catalog, seen, lambda _: None)
    for tool in catalog.tools:
        if tool.reports:
            found = matching(reports, f"báo cáo {tool.label.vi}")
            assert len(found) >= len(tool.reports), tool.id
    lists = list_offers(catalog, seen, lambda _: None)
    assert matching(lists, f"danh sách {catalog.record_types[0].label.vi}")


def test_a_kind_and_a_name_typed_together_are_read_as_both() -> None:
    catalog = load_catalog()
    types = catalog.record_types

    def read(text: str) -> dict[str, tuple[set[str], bool]]:
        return {name: (set(meant), sure) for name, meant, sure in reversed(list(named_kinds(types, text)))}

    birth = next(t for t in types if t.id.endswith(".birth"))
    kind = " ".join(birth.label.vi.split()[-2:])
    for typed in (f"{kind} Nguyễn Văn An", f"Nguyễn Văn An {kind}", f"{fold(kind)} nguyễn văn an"):
        meant, sure = read(typed)["nguyễn văn an"]
        assert birth.id in meant and sure, typed
    assert not read("Nguyễn") and not read("")
    assert all(not sure for _meant, sure in read("Đặng Hộ An").values()), "one word alone may be a part of the name"
