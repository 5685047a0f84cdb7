"""Who works in the sample ward: few people, but somebody for every register. All invented."""

from __future__ import annotations

from msgspec import Struct

WARD = "00070"
CITY_RECEPTION = "Trung tâm Phục vụ hành chính công"
WARD_OFFICE = "UBND phường Hoàn Kiếm"
MILITARY = "Ban Chỉ huy quân sự phường Hoàn Kiếm"
HEALTH_STATION = "Trạm Y tế phường Hoàn Kiếm"


class DemoOfficer(Struct, frozen=True):
    name: str
    organisation: str
    roles: tuple[str, ...]


RECEPTION = DemoOfficer("Trần Thu Hà", CITY_RECEPTION, ("reception",))
CIVIL_STATUS = DemoOfficer("Nguyễn Đức Thịnh", WARD_OFFICE, ("civil_status_officer",))
CLERK = DemoOfficer("Phạm Thị Ngọc Ánh", WARD_OFFICE, ("clerk",))
VICE_CHAIR = DemoOfficer("Lê Hoàng Minh", WARD_OFFICE, ("vice_chair",))
OFFICE_HEAD = DemoOfficer("Đặng Thu Hương", WARD_OFFICE, ("office_head",))
CHAIR = DemoOfficer("Nguyễn Quốc Khánh", WARD_OFFICE, ("chair",))
CADASTRAL = DemoOfficer("Bùi Thế Anh", WARD_OFFICE, ("cadastral_officer",))
ECONOMY = DemoOfficer("Hoàng Minh Tuấn", WARD_OFFICE, ("dept_head", "officer_field"))
SOCIAL = DemoOfficer("Lý Thị Bảo Châu", WARD_OFFICE, ("social_officer", "child_case_team"))
ACCOUNTANT = DemoOfficer("Phan Quang Vinh", WARD_OFFICE, ("accountant",))
CASHIER = DemoOfficer("Vũ Thị Lan", WARD_OFFICE, ("cashier",))
PETITIONS = DemoOfficer("Ngô Thanh Tùng", WARD_OFFICE, ("officer_field", "petition_team"))
COMMANDER = DemoOfficer("Trịnh Văn Dũng", MILITARY, ("military_commander",))
HEALTH = DemoOfficer("Đỗ Thị Mai", HEALTH_STATION, ("health_staff",))
STAFF = (OFFICE_HEAD, CHAIR, CADASTRAL, ECONOMY, SOCIAL, ACCOUNTANT, CASHIER, PETITIONS, COMMANDER, HEALTH)
OFFICERS = (CLERK, VICE_CHAIR, CIVIL_STATUS, *STAFF, RECEPTION)
"""In the order they are enrolled; the last one is at work when the window opens."""
