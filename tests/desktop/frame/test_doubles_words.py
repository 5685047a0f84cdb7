"""Two values side by side on the page of doubles: what differs is in sight."""

from __future__ import annotations

from desktop.doubles import shortened

NAME = "Công Tằng Tôn Nữ Nguyễn Thị Hoàng Phương Thảo"


def test_short_values_stand_whole() -> None:
    assert shortened(NAME, "Nguyễn\n An", 240) == (NAME, "Nguyễn An")


def test_a_long_value_is_cut_between_words() -> None:
    people = ", ".join([NAME] * 12)
    cut, other = shortened(people, "An", 240)
    assert other == "An" and len(cut) <= 240 and cut.endswith("…")
    assert people.startswith(cut[:-1]) and people[len(cut) - 1] in " ,"


def test_a_value_without_a_gap_is_cut_and_not_dropped() -> None:
    cut, _ = shortened("A" * 400, "B", 240)
    assert len(cut) == 240 and cut.startswith("AAAA")


def test_what_differs_far_behind_is_shown() -> None:
    """Both would else look the same, and one of them is given up."""
    same = "Gia đình đã trình bày với tổ dân phố và được hướng dẫn. " * 8
    one, other = shortened(f"{same}Nay ở số 12.", f"{same}Nay ở số 14.", 240)
    assert one.startswith("…") and one.endswith("Nay ở số 12.") and other.endswith("Nay ở số 14.")
    assert max(len(one), len(other)) <= 242
    _, longer = shortened(same, f"{same}Nay ở số 14.", 240)
    assert longer.endswith("Nay ở số 14.")
