"""What the city would refuse an officer anyway, said before it is written: otherwise the line stays in the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.sight import seen_types, works_at_home
from forms.definition import Catalog, RecordType
from forms.label import Label

if TYPE_CHECKING:
    from sync.protocol import Officer
    from sync.store.model import Enrolment


def why_not_write(record_type: RecordType, catalog: Catalog, officer: Officer) -> Label | None:
    """Why the officer may write no record of this type at all, or None: none of his roles opens its scope."""
    if record_type.id in seen_types(catalog, officer):
        return None
    return Label(
        f"{officer.name} không được cấp quyền với sổ “{record_type.label.vi}”.",
        f"{officer.name} has no grant for “{record_type.label.en}”.",
    )


def why_not_begin(record_type: RecordType, catalog: Catalog, officer: Officer, enrolment: Enrolment) -> Label | None:
    """Why the officer may begin no record of this type on this PC, or None: his role, the PC's ward, or the register."""
    if record_type.begun_by and not set(record_type.begun_by) & set(officer.roles):
        roles = ", ".join(record_type.begun_by)
        return Label(f"{officer.name} không có vai trò lập bản ghi này: {roles}.", f"Needs a role: {roles}.")
    if not works_at_home(officer, enrolment):
        ward = enrolment.wards.get(enrolment.ward, enrolment.ward)
        return Label(
            f"Bản ghi mới ở máy này thuộc {ward}, nơi {officer.name} không được phân công.",
            f"New records of this PC belong to {ward}, where {officer.name} does not serve.",
        )
    return why_not_write(record_type, catalog, officer)
