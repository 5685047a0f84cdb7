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
