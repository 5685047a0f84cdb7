"""Found by multicast DNS: packets as RFC 6762 has them, a real question into this machine's networks, and strangers."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.hub import networks
from sync.hub.announcing import Announcement
from sync.hub.dns_records import PTR, SRV, TXT, A, Message, Question, Record, decoded, encoded
from sync.hub.finding import find

NAME = "q7.00070.hub.so-phuong.internal"
LABEL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=15)
LABELS = st.lists(LABEL, min_size=1, max_size=4).map(tuple)
RECORDS = st.one_of(
    st.builds(Record, LABELS, st.just(PTR), st.integers(0, 9000), LABELS, st.booleans()),
    st.builds(Record, LABELS, st.just(SRV), st.integers(0, 9000), st.tuples(st.integers(0, 65535), LABELS)),
    st.builds(Record, LABELS, st.just(A), st.integers(0, 9000), st.binary(min_size=4, max_size=4)),
    st.builds(
        Record, LABELS, st.just(TXT), st.integers(0, 9000),
        st.dictionaries(st.from_regex("[a-z]{1,9}", fullmatch=True), st.text(max_size=40), max_size=4),
    ),
)  # fmt: skip


@given(
    st.integers(0, 65535),
    st.lists(st.builds(Question, LABELS, st.integers(1, 255), st.booleans()), max_size=3).map(tuple),
    st.lists(RECORDS, max_size=5).map(tuple),
    st.booleans(),
)
def test_what_is_written_is_read(
    number: int, questions: tuple[Question, ...], answers: tuple[Record, ...], is_answer: bool
) -> None:
    message = Message(number, questions, answers, is_answer)
    assert decoded(encoded(message)) == message


@given(st.binary(max_size=200))
def test_no_packet_breaks_the_reader(packet: bytes) -> None:
    decoded(packet)
    decoded(struct.pack(">HHHHHH", 1, 0x8400, 1, 1, 1, 1) + packet)


def test_a_name_that_points_at_itself_ends() -> None:
    head = struct.pack(">HHHHHH", 1, 0x8400, 0, 1, 0, 0)
    assert decoded(head + b"\xc0\x0c" + struct.pack(">HHIH", PTR, 1, 10, 2) + b"\xc0\x0c") is None


def test_a_name_is_shortened_by_pointing_back() -> None:
    head = struct.pack(">HHHHHH", 1, 0x8400, 0, 1, 0, 0)
    name = b"\x04_hub\x05local\x00"
    told = decoded(head + name + struct.pack(">HHIH", PTR, 1, 10, 6) + b"\x03one\xc0\x0c")
    assert told is not None
    assert told.answers[0].data == ("one", "_hub", "local")


needs_network = pytest.mark.skipif(not networks.addresses(), reason="this machine is in no network")


@needs_network
def test_a_hub_is_found_while_it_announces_itself() -> None:
    try:
        announcement = Announcement("Q7", lambda: (8621, [NAME, "q7.00071.hub.so-phuong.internal"], "ab" * 32))
        with announcement:
            found = find({NAME})
            if not found:
                pytest.skip("no multicast in this machine's network")
            assert {name for _, name in found} == {NAME}
            assert {url for url, _ in found} <= {f"https://{a}:8621" for a in networks.addresses()}
            assert find({"q8.00070.hub.so-phuong.internal"}, 0.3) == (), "one of another ward, or withdrawn"
    except OSError:
        pytest.skip("no multicast here")
    assert find({NAME}, 0.3) == ()


@needs_network
def test_answers_of_strangers_are_passed_over() -> None:
    """Whoever answers with anything at all is at most asked over TLS, at the address he answered from."""
    address = networks.addresses()[0]
    answers = (
        b"", b"\0" * 12, b"\xff" * 60,
        encoded(Message(0, (), (Record(networks.SERVICE, PTR, 9, ("x", *networks.SERVICE)),), is_answer=True)),
        encoded(Message(0, (), (Record(("x",), SRV, 9, (0, ("h",))), Record(("x",), TXT, 9, {"name": NAME})), is_answer=True)),
    )  # fmt: skip
    try:
        listening = networks.listening_socket()
    except OSError:
        pytest.skip("no multicast here")
    with listening:
        networks.join(listening, address)
        listening.settimeout(0.5)
        import threading

        def answer() -> None:
            try:
                _, sender = listening.recvfrom(9000)
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
                    for packet in answers:
                        made.sendto(packet, sender)
            except OSError:
                pass

        thread = threading.Thread(target=answer)
        thread.start()
        assert find({NAME}, 0.5) == ()
        thread.join()


def test_without_a_network_nothing_is_found() -> None:
    assert find({NAME}, 0.2, addresses=()) == ()
    assert find({NAME}, 0.2, addresses=("203.0.113.9",)) == (), "not an address of this PC"
