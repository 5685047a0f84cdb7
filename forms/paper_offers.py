"""Which printouts a record has now, and why it does not have the others."""

from __future__ import annotations

from forms.definition import Printout
from forms.entry import RecordEntry
from forms.expressions import Expression
from forms.label import Label


def why_not(printout: Printout, entry: RecordEntry) -> Label | None:
    """Why the paper is not for the record as it is, by its state or by the printout's ``when``; None: it may be printed."""
    if not printout.is_for_state(entry.state):
        state = entry.record_type.state(entry.state or "").label
        return Label(
            f"“{printout.label.vi}” chưa in được khi đang “{state.vi}”.",
            f"“{printout.label.en}” cannot be printed while the record is “{state.en}”.",
        )
    return why_not_for(printout, entry)


def why_not_for(printout: Printout, entry: RecordEntry) -> Label | None:
    """As ``why_not``, by what the record says alone. A rule that cannot be evaluated does not hold: the paper would say
    what is not known yet."""
    if printout.when is None or entry.evaluate(Expression(printout.when.rule)) is True:
        return None
    return printout.when.message
