"""Invented cases that the stories are about, as lines of a file would bring them."""

from __future__ import annotations

from typing import Any

COPY = "certification.cert_copy"
DOSSIER = "onestop.dossier"
BIRTH = "civil_status.birth"
CITIZEN = "residence.citizen"
INCOMING = "documents.incoming_doc"


def copy_of(title: str, **more: Any) -> dict[str, Any]:
    """A paper brought in to be copied and certified."""
    return {
        "requester_name": "Hoàng Thị Bích Đào",
        "received_at": "2026-11-23T08:40:00+07:00",
        "doc_title": title,
        "pages": 4,
        "copies": 3,
        "form": "paper",
    } | more


def person(name: str = "Lê Văn Khánh", dob: str = "1988-05-04", **more: Any) -> dict[str, Any]:
    """A person named inside another record."""
    return {"full_name": name, "dob": dob, "gender": "1"} | more


def birth_of(name: str = "Nguyễn Minh Khôi", **more: Any) -> dict[str, Any]:
    """A birth to be registered, with the hospital's notice unless ``more`` says otherwise."""
    return {
        "child_name": name,
        "child_dob": "2026-10-30",
        "child_gender": "1",
        "child_ethnicity": "01",
        "child_nationality": "VN",
        "birth_place": "Bệnh viện Phụ sản Trung ương, 43 Tràng Thi, Hà Nội",
        "home_town": "00070",
        "birth_cert_no": "4585/2026-PSTW",
        "mother_ref": person("Nguyễn Thị Bích Oanh", "1996-10-04", gender="2"),
        "requester_ref": person("Nguyễn Công Hải", "1993-05-26"),
        "requester_relation": "Cha",
        "received_on": "2026-11-23",
    } | more
