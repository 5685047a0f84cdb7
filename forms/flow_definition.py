"""What comes next after a record, as frozen data (beside ``forms.definition``)."""

from typing import Literal

from msgspec import Struct, field

from forms.field_definition import Message
from forms.label import Label

ITSELF = "id"
"""What ``finds`` says where the record itself is acted on."""


class Flow(Struct, frozen=True, kw_only=True):
    """What comes next after a record in one of ``states``: another record begun (``link`` is its field that points back), or
    an action on the record that the field ``finds`` points at (``id``: on itself); where that action keeps
    the state, ``link`` is the target's ``refs`` field that names the records it was taken for. ``where`` and ``to_field`` are CEL over the source alone.

    A flow of mode ``batch`` is begun for all its sources at once, from the list of ``to``; its rules also know
    ``given``, what an officer answered to ``asks``."""

    id: str
    label: Label
    from_: str = field(name="from")  # record type of the tool the flow stands in; of a batch: any
    states: tuple[str, ...]
    where: str | None = None
    to: str | None = None  # record type begun or acted on
    to_field: str | None = None  # CEL that gives the record type instead of `to`
    link: str | None = None
    finds: str | None = None
    action: str | None = None  # taken on what is found; of a record begun by itself: taken at once
    sets: dict[str, str] = {}  # field of the next record -> CEL over the source
    roles: tuple[str, ...] = ()  # whose work it is; empty: whoever may begin it, or take the action
    mode: Literal["propose", "offer", "auto", "batch"] = "propose"  # offer: on its page alone, nobody waits for it
    asks: tuple[str, ...] = ()  # of a batch: fields of `to` that are given once for all
    once: tuple[str, ...] = ()  # of a batch: fields of `to` that together are made only once
    guard: tuple[Message, ...] = ()  # of a batch: what a source must fulfil; else it is left out, and told by name

    @property
    def key(self) -> str:
        """Names it in the whole catalogue."""
        return f"{self.from_}/{self.id}"
