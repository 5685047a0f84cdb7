"""A ward's office as rules, papers and other organisations know it: one spelling for the window, the verbs and the city."""

from __future__ import annotations

CITY = "H26"
"""Hanoi among organisations that exchange documents (Decision 20/2020/QĐ-TTg)."""
_KINDS = ("Phường ", "Xã ", "Đặc khu ", "Thị trấn ")


def ward_facts(code: str, name: str) -> dict[str, str]:
    """The ``ward`` of rules and printouts. ``org_code``: at the head of dossier codes and of archived files; the city's code and the
    ward's own stand in for the list of codes until that is imported. ``place``: without the word for its kind, as papers name it
    (Decree 30/2020/NĐ-CP, appendix I)."""
    place = next((name.removeprefix(kind) for kind in _KINDS if name.startswith(kind)), name)
    return {"code": code, "name": name, "org_code": f"{CITY}.{code}", "place": place}
