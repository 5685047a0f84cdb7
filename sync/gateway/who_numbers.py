"""Whether anybody on a PC that is to number a book may open its register: else the book would be lent to nobody's use."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from sync.gateway.city import City
from sync.gateway.leases import Takeover
from sync.gateway.saying import warn

_MOST_NAMED = 6


def warn_of_nobody(arguments: argparse.Namespace, city: City, moved: Sequence[Takeover]) -> list[str]:
    """Says which of the books no officer of the new PC may open, and what to do; their names."""
    with city.storage.read() as session:
        grants = {m.lease.device: city.access.grants(session, m.lease.device) for m in moved}
    useless = []
    for lease in (each.lease for each in moved):
        scope = city.catalog.record_type(lease.register.partition("/")[0]).scope
        if not any(grant.ward == lease.ward and scope in grant.scopes for grant in grants[lease.device]):
            useless.append(f"{lease.register} {lease.period}".strip())
    if useless:
        some = ", ".join(useless[:_MOST_NAMED]) + (", …" if len(useless) > _MOST_NAMED else "")
        warn(
            arguments,
            f"Không cán bộ nào ở máy {arguments.device} được mở {len(useless)} sổ này, nên không ai cấp số được: {some}. Thêm cán bộ có "
            "quyền vào máy ấy (gateway enrol --ward … --officer … --role …, gõ mã ở máy), hoặc chọn máy khác.",
            f"No officer of {arguments.device} may open these books ({len(useless)}), so that nobody can number: {some}. Add an officer "
            "with the right to that PC (gateway enrol --ward … --officer … --role …, the code typed there), or name another PC.",
        )
    return useless
