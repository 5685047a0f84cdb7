"""The few records of multicast DNS and service discovery (RFC 6762, RFC 6763) by which a hub is found, as bytes and back.

Names are lists of labels; what is not one of these records is passed over.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from msgspec import Struct

A, PTR, TXT, AAAA, SRV, ANY = 1, 12, 16, 28, 33, 255
_IN, _FLUSH, _UNICAST = 1, 0x8000, 0x8000
_ANSWER = 0x8400  # a response, with authority
_MOST = 64  # records of a message that are looked at
Name = tuple[str, ...]


class Question(Struct, frozen=True):
    """``unicast``: the answer is to come to the asker alone."""

    name: Name
    kind: int
    unicast: bool = False


class Record(Struct, frozen=True):
    """``data`` by kind: PTR a name; SRV (port, name); TXT a mapping; A and AAAA the address's bytes. ``life`` in seconds; 0:
    it is no more. ``own``: no other answerer has records of this name (the cache-flush bit)."""

    name: Name
    kind: int
    life: int
    data: object
    own: bool = True


class Message(Struct, frozen=True):
    """``number``: of the question, which an answer to one asker repeats."""

    number: int = 0
    questions: tuple[Question, ...] = ()
    answers: tuple[Record, ...] = ()
    is_answer: bool = False


def encoded(message: Message) -> bytes:
    head = struct.pack(
        ">HHHHHH",
        message.number,
        _ANSWER if message.is_answer else 0,
        len(message.questions),
        len(message.answers),
        0,
        0,
    )
    body = bytearray(head)
    for question in message.questions:
        body += _name(question.name) + struct.pack(">HH", question.kind, _IN | (_UNICAST if question.unicast else 0))
    for record in message.answers:
        data = _data(record)
        top = _FLUSH if record.own else 0
        body += _name(record.name) + struct.pack(">HHIH", record.kind, _IN | top, record.life, len(data)) + data
    return bytes(body)


def decoded(packet: bytes) -> Message | None:
    """None: it is no message, or none that is understood."""
    try:
        number, flags, questions, answers, others, more = struct.unpack_from(">HHHHHH", packet)
        place = 12
        asked: list[Question] = []
        for _ in range(min(questions, _MOST)):
            name, place = _read_name(packet, place)
            kind, top = struct.unpack_from(">HH", packet, place)
            place += 4
            asked.append(Question(name, kind, bool(top & _UNICAST)))
        if questions > _MOST:
            return None
        said = tuple(_records(packet, place, min(answers + others + more, _MOST)))
        return Message(number, tuple(asked), said, is_answer=bool(flags & 0x8000))
    except (struct.error, IndexError, ValueError):
        return None


def _records(packet: bytes, place: int, count: int) -> Iterator[Record]:
    for _ in range(count):
        name, place = _read_name(packet, place)
        kind, top, life, size = struct.unpack_from(">HHIH", packet, place)
        place += 10
        if place + size > len(packet):
            raise ValueError("a record is cut")
        data = _read_data(packet, place, size, kind)
        place += size
        if data is not None and top & 0x7FFF == _IN:
            yield Record(name, kind, life, data, own=bool(top & _FLUSH))


def _name(labels: Name) -> bytes:
    parts = [label.encode() for label in labels]
    if any(not 0 < len(part) < 64 for part in parts):
        raise ValueError("a label has 1 to 63 bytes")
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def _read_name(packet: bytes, place: int) -> tuple[Name, int]:
    """The name, and where what follows it begins. Pointers lead backwards only, so that it ends."""
    labels: list[str] = []
    after, lowest = -1, place
    while (size := packet[place]) != 0:
        if size & 0xC0 == 0xC0:
            target = ((size & 0x3F) << 8) | packet[place + 1]
            if after < 0:
                after = place + 2
            if target >= lowest:
                raise ValueError("a pointer that leads nowhere")
            place = lowest = target
            continue
        if size & 0xC0 or len(labels) > 32 or place + 1 + size > len(packet):
            raise ValueError("no label")
        labels.append(packet[place + 1 : place + 1 + size].decode("utf-8", "replace"))
        place += 1 + size
    return tuple(labels), after if after >= 0 else place + 1


def _data(record: Record) -> bytes:
    data = record.data
    if record.kind == PTR and isinstance(data, tuple):
        return _name(data)
    if record.kind == SRV and isinstance(data, tuple):
        port, name = data
        return struct.pack(">HHH", 0, 0, port) + _name(name)
    if record.kind == TXT and isinstance(data, Mapping):
        pairs = [f"{key}={value}".encode() for key, value in data.items()]
        return b"".join(bytes([len(pair)]) + pair for pair in pairs) or b"\0"
    assert isinstance(data, bytes)  # noqa: S101
    return data


def _read_data(packet: bytes, place: int, size: int, kind: int) -> object:
    if kind == PTR:
        return _read_name(packet, place)[0]
    if kind == SRV:
        (port,) = struct.unpack_from(">H", packet, place + 4)
        return port, _read_name(packet, place + 6)[0]
    if kind == TXT:
        return dict(_pairs(packet[place : place + size]))
    if (kind, size) in ((A, 4), (AAAA, 16)):
        return packet[place : place + size]
    return None


def _pairs(content: bytes) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(content):
        size = content[place]
        key, _, value = content[place + 1 : place + 1 + size].decode("utf-8", "replace").partition("=")
        if key:
            yield key, value
        place += 1 + size
