"""In whose name a PC does what nobody does by hand: of the device's officers the first who may."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from forms.definition import Catalog, RecordType
from sync.protocol import Officer


def may_write(catalog: Catalog, officer: Officer, record_type: RecordType) -> bool:
    """By the scopes of the roles; a role the catalogue does not know is the city's to judge."""
    scopes = {role.id: role.scopes for role in catalog.roles}
    known = [scopes[role] for role in officer.roles if role in scopes]
    if len(known) < len(officer.roles) or not officer.roles:
        return True
    return any(record_type.scope in opened for opened in known)


def first_who_may(
    catalog: Catalog, officers: Iterable[Officer], record_type: RecordType, roles: Collection[Collection[str]]
) -> Officer | None:
    """The first to whom the register is open and who has a role of one of the sets (an empty one is open to all). Officers of
    one PC may have quite other registers, and what one of them says of another's the city refuses."""
    return next(
        (
            officer
            for officer in officers
            if may_write(catalog, officer, record_type)
            and any(not each or set(each) & set(officer.roles) for each in roles)
        ),
        None,
    )
