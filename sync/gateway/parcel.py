"""One record on its way to one service, and what the service says to it."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from sync.gateway.storage import Stream
from sync.protocol import FieldProblem, Fields, RecordVersion


class Parcel(Struct, frozen=True, kw_only=True):
    """``revision`` is the accepted one that asked for the delivery; what is sent is the record as it is now."""

    service: str
    revision: int
    attempts: int
    record: RecordVersion
    fields: Fields = {}  # those of the record that a service gets
    references: dict[str, Fields] = {}
    elements: dict[str, Any] = {}  # what the record type's ``messages`` put into a document package
    sources: dict[str, str] = {}  # element → the field it is made of, for what is refused there
    holder: str = ""  # whose claim it is
    faults: int = 0  # failures that the parcel itself may be the cause of
    is_taken: bool = False  # the service has it and has not answered yet
    resent: int = 0  # how often an operator had it sent anew after an answer

    @property
    def key(self) -> str:
        """The same for every attempt, so that the service can tell a repetition."""
        key = f"{self.record.id}:{self.revision}:{self.service}"
        return f"{key}:{self.resent}" if self.resent else key

    @property
    def stream(self) -> Stream:
        return self.record.ward, self.record.scope


class ServiceAnswer(Struct, frozen=True, kw_only=True):
    """What a service says to a delivery. ``problems`` name the field and the value that was refused."""

    status: Literal["accepted", "refused"]
    number: str | None = None
    fields: Fields = {}
    message: str = ""
    problems: tuple[FieldProblem, ...] = ()


class UnreachableError(Exception):
    """The service did not answer, or not in a way that settles the delivery. ``down``: the service itself is in trouble,
    the others need not be tried; ``fault``: the parcel may be the cause; ``wait``: seconds the service asked for."""

    def __init__(self, message: str, *, down: bool, fault: bool = False, wait: float = 0.0) -> None:
        super().__init__(message)
        self.down = down
        self.fault = fault
        self.wait = wait


class Pending(Exception):
    """The service took the parcel and answers later; ``str()`` is what the officer reads meanwhile."""
