"""Where flows may lead to is found out when a catalogue is compiled, and not again at every start."""

from __future__ import annotations

from pathlib import Path

from forms.flow_book import FlowBook, aims_of, flow_book
from forms.loader import load_catalog


def test_a_compiled_catalogue_tells_its_flows_without_its_definitions(tmp_path: Path) -> None:
    fresh = load_catalog(cache=tmp_path)
    again = load_catalog(cache=tmp_path)
    book = flow_book(again)
    assert all("_read" in vars(record_type) for record_type in again.record_types)  # none was asked for its larger part
    other = FlowBook(fresh)
    assert book.aims == other.aims == aims_of(fresh)
    assert (book.sources.keys(), book.by_key.keys()) == (other.sources.keys(), other.by_key.keys())
    for mine, theirs in ((book.linked, other.linked), (book.acted_on, other.acted_on)):
        assert {k: [f.key for f in v] for k, v in mine.items()} == {k: [f.key for f in v] for k, v in theirs.items()}
        assert mine
    assert {type_id for aims in book.aims.values() for type_id, _ in aims} == {*book.linked, *book.acted_on}
