"""Who works in the sample ward. All invented."""

from __future__ import annotations

from msgspec import Struct

WARD = "00070"
CITY_RECEPTION = "Trung tâm Phục vụ hành chính công"
WARD_OFFICE = "UBND phường Hoàn Kiếm"


class DemoOfficer(Struct, frozen=True):
    name: str
    organisation: str
    roles: tuple[str, ...]


RECEPTION = DemoOfficer("Trần Thu Hà", CITY_RECEPTION, ("reception",))
CIVIL_STATUS = DemoOfficer("Nguyễn Đức Thịnh", WARD_OFFICE, ("civil_status_officer",))
CLERK = DemoOfficer("Phạm Thị Ngọc Ánh", WARD_OFFICE, ("clerk",))
VICE_CHAIR = DemoOfficer("Lê Hoàng Minh", WARD_OFFICE, ("vice_chair",))
OFFICERS = (CLERK, VICE_CHAIR, CIVIL_STATUS, RECEPTION)
"""In the order they are enrolled; the last one is at work when the window opens."""
