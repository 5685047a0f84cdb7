"""What the store needs to know of each record type, worked out once: columns, references, keys, states."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import msgspec

from forms.attached import FileFields, file_fields
from forms.definition import Catalog, RecordType
from forms.field_definition import Field
from forms.flow_book import FlowBook, flow_book
from forms.summaries import Summaries, nameless, together
from sync.clock import moment_text
from sync.digest_terms import hashes
from sync.ids import halves_of
from sync.number_reader import NumberReader, reader_of
from sync.protocol import Fields

Resolve = Callable[[str], Mapping[str, Any] | None]
Describe = Callable[[Sequence[Fields], Sequence[str], Sequence[str | None], Resolve], Summaries]
"""Of the fields, states and numbers of many records, and a way to look up others."""

_ONE = {"person", "household", "organisation", "ref"}
_TARGETS = {"person": "residence.citizen", "household": "residence.household", "organisation": "residence.organisation"}
_NOT_TELLING = _ONE | {"refs", "group", "date", "date_partial", "time", "datetime", "bool", "one_of"}
_LOOKED_THROUGH = re.compile(r"\blook\s*\(\s*look\s*\(\s*(\w+)")
_MASK = (1 << 63) - 1
PROPOSED_FOR = timedelta(days=366)
"""What comes next after a record that was last touched longer ago stands on its own page alone."""
PLAN_FORMAT = 3
"""Raise to have every projection made anew, when this module derives something else from the same definition."""


def link_key(record_id: str) -> int:
    """The 63-bit integer by which a record is found from its references.

    For a UUIDv7 its time half, so that references to recent records lie together on the disk; two devices may make the
    same one, so readers compare the whole id.
    """
    if len(record_id) == 36 and record_id[14] == "7":
        try:
            return int(record_id[:8] + record_id[9:13] + record_id[14:18], 16) & _MASK
        except ValueError:
            pass
    return text_key(record_id)


def link_keys(ids: Sequence[str]) -> list[int]:
    """``link_key`` of each."""
    if len(ids) == 1:
        return [link_key(ids[0])]
    halves = halves_of(ids)
    if halves is None:
        return [link_key(record_id) for record_id in ids]
    # the digit after the time is the UUID's version
    return [head & _MASK if head >> 12 & 15 == 7 else text_key(i) for head, i in zip(halves[0], ids, strict=True)]


def text_key(text: str) -> int:
    """A 63-bit hash; readers compare the text itself."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") & _MASK


class TypePlan:
    """One record type as the store handles it. ``record_type`` is None for a type this pack does not know: its records
    are kept, counted and sent on, and described once a pack knows them."""

    def __init__(self, type_id: str, record_type: RecordType | None, catalog: Catalog) -> None:
        self.id = type_id
        self.record_type = record_type
        self._catalog = catalog
        self._of_thread = threading.local()
        self.table = "list_" + re.sub(r"[^a-z0-9]", "_", type_id.lower())
        self.type_token = "qzx" + re.sub(r"[^a-z0-9]", "", type_id.lower())
        states = record_type.states if record_type else ()
        self.state_order = {s.id: place for place, s in enumerate(states)}
        self.open_states = frozenset(s.id for s in states if s.kind in ("open", "waiting"))
        self.clock_states = frozenset(s.id for s in states if s.kind in ("open", "waiting") and s.clock)
        self._codes: dict[str, int] = {}
        self.has_double = record_type is not None and bool(record_type.alike)
        self.merged_state = record_type.merging.state if record_type and record_type.merging else None
        self.has_deadline = record_type is not None and record_type.deadline is not None

    # what follows asks for the fields, which a start leaves in the compiled catalogue

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return _sort_columns(self.record_type) if self.record_type else ()

    @cached_property
    def default_sort(self) -> str:
        return (self.record_type.list_view.sort if self.record_type else "") or "-_updated"

    @cached_property
    def _links(self) -> tuple[tuple[str, str, Field], ...]:
        return tuple(_link_fields(self.record_type.fields)) if self.record_type else ()

    @cached_property
    def file_fields(self) -> FileFields:
        return file_fields(self.record_type.fields) if self.record_type else ()

    @cached_property
    def file_names(self) -> tuple[str, ...]:
        """Top-level fields in which files may be."""
        return tuple(f.name for f, _ in self.file_fields)

    @cached_property
    def pointing_names(self) -> frozenset[str]:
        """Top-level fields in which references or files may be."""
        return frozenset((*self.file_names, *(name for name, _, _ in self._links)))

    @cached_property
    def key_fields(self) -> tuple[str, ...]:
        return _key_fields(self.record_type) if self.record_type else ()

    @cached_property
    def _key_heads(self) -> dict[str, str]:
        return {name: f"{self.id}\x1f{name}\x1f" for name in self.key_fields}

    @cached_property
    def number_reader(self) -> NumberReader | None:
        return reader_of(self.record_type)

    @cached_property
    def hash(self) -> str:
        """Changes when anything derived from a record of this type would come out differently."""
        r = self.record_type
        if r is None:
            return "unknown"
        fields = [
            (f.name, f.type, f.search, f.masked, [(c.name, c.type, c.search) for c in f.fields]) for f in r.fields
        ]
        parts = (PLAN_FORMAT, self.columns, self.key_fields, r.title, r.subtitle, fields, r.deadline, r.states)
        return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()

    @property
    def target_types(self) -> frozenset[str] | None:
        """Types whose records this one shows parts of; None: any."""
        each = [_targets_of(f) for _, kind, f in self._links if kind != "group"]
        return frozenset().union(*each) if all(each) else None

    @property
    def looks_through(self) -> frozenset[str]:
        """Types by way of whose records this one's titles name a third: ``look(look(household_ref, "head_ref"), …)``."""
        r = self.record_type
        names = {name for text in (r.title, r.subtitle or "") for name in _LOOKED_THROUGH.findall(text)} if r else set()
        return frozenset().union(*[_targets_of(f) for _, _, f in self._links if f.name in names])

    @cached_property
    def single_links(self) -> tuple[tuple[str, int], ...]:
        """Top-level fields that refer to one record, with their codes in ``links``."""
        return tuple((name, self.link_code(name)) for name, kind, _ in self._links if kind == "one")

    @cached_property
    def other_links(self) -> tuple[str, ...]:
        """Top-level fields that refer to several."""
        return tuple(name for name, kind, _ in self._links if kind != "one")

    def links(self, fields: Mapping[str, Any], within: tuple[str, ...] | None = None) -> Iterator[tuple[str, str]]:
        """(field or group/column, id) of every reference in the record. ``within``: of these top-level fields alone."""
        for name, kind, f in self._links:
            value = fields.get(name)
            if not value or (within is not None and name not in within):
                continue
            if kind == "one":
                if isinstance(value, str):
                    yield name, value
            elif not isinstance(value, list):  # of another shape than any form makes
                continue
            elif kind == "many":
                for target in value:
                    if isinstance(target, str):
                        yield name, target
            else:
                yield from _row_links(name, f, value)

    @property
    def link_names(self) -> frozenset[str]:
        """Top-level fields that refer to other records."""
        return frozenset(name for name, kind, _ in self._links if kind != "group")

    def link_code(self, name: str) -> int:
        """The 32-bit code of a referring field in ``links``; readers compare the record itself."""
        code = self._codes.get(name)
        if code is None:
            code = self._codes[name] = text_key(f"{self.id}/{name}") & 0xFFFFFFFF
        return code

    def describe(
        self, rows: Sequence[Fields], states: Sequence[str], numbers: Sequence[str | None], resolve: Resolve
    ) -> Summaries:
        """Of many records of the type, by this thread. The columns are the asker's own."""
        if self.record_type is None:
            return nameless([number or "" for number in numbers])
        describe: Describe = getattr(self._of_thread, "describe", None) or self._describer()
        try:
            return describe(rows, states, numbers, resolve)
        except Exception:  # values that no form makes: one record must not keep the others of its page from coming in
            if len(rows) > 1:
                each = zip(rows, states, numbers, strict=True)
                return together([self.describe([row], [state], [number], resolve) for row, state, number in each])
            import logging  # a start needs none

            logging.getLogger(__name__).exception("cannot describe a record of %s", self.id)
            return nameless([number or "" for number in numbers])

    def _describer(self) -> Describe:
        """Brought in with the first record written: the rule language takes longer to import than a store to open."""
        from forms.summary import plain_describer

        assert self.record_type is not None  # noqa: S101
        made: Describe = plain_describer(self.record_type, self._catalog)
        self._of_thread.describe = made
        return made

    def keys(self, fields: Mapping[str, Any]) -> list[int]:
        """The hashes by which ``find`` meets the record."""
        heads = self._key_heads
        return [text_key(f"{heads[name]}{v}") for name in heads if (v := fields.get(name)) is not None and v != ""]

    def new_keys(self, rows: Sequence[Mapping[str, Any]], rids: Sequence[int]) -> list[tuple[int, int]]:
        """(key, row id) of many records, as ``keys`` gives them."""
        found: list[tuple[str, int]] = []
        for name, head in self._key_heads.items():
            column = zip([fields.get(name) for fields in rows], rids, strict=True)
            found += [(f"{head}{value}", rid) for value, rid in column if value is not None and value != ""]
        keys = hashes([text for text, _ in found])
        return [(key & _MASK, rid) for key, (_, rid) in zip(keys, found, strict=True)]

    def key_of(self, name: str, value: Any) -> int:
        return text_key(f"{self.id}\x1f{name}\x1f{value}")


class Plans:
    """The plans of a catalogue; made when first asked for."""

    def __init__(self, catalog: Catalog, now: datetime | None = None) -> None:
        self._catalog = catalog
        self.proposed_since = moment_text(now - PROPOSED_FOR) if now else ""
        self._plans: dict[str, TypePlan] = {}

    def of(self, type_id: str) -> TypePlan:
        plan = self._plans.get(type_id)
        if plan is None:
            plan = TypePlan(type_id, self._known(type_id), self._catalog)
            self._plans[type_id] = plan
        return plan

    def _known(self, type_id: str) -> RecordType | None:
        try:
            return self._catalog.record_type(type_id)
        except KeyError:
            return None

    @cached_property
    def flows(self) -> FlowBook:
        """What comes next after which records."""
        return flow_book(self._catalog)

    @cached_property
    def merged_types(self) -> frozenset[str]:
        """Types whose records may be merged into one another."""
        return frozenset(t.id for t in self._catalog.record_types if t.merging)

    @cached_property
    def looked_through(self) -> frozenset[str]:
        """Types by way of whose records others' titles name a third."""
        return frozenset(t for r in self._catalog.record_types for t in self.of(r.id).looks_through)

    @cached_property
    def looking_through(self) -> frozenset[str]:
        """The types of those others."""
        return frozenset(r.id for r in self._catalog.record_types if self.of(r.id).looks_through)

    @cached_property
    def shown_elsewhere(self) -> frozenset[str]:
        """Types other records refer to, whose titles may therefore carry a name of theirs."""
        found: set[str] = set()
        for record_type in self._catalog.record_types:
            targets = self.of(record_type.id).target_types
            if targets is None:
                return frozenset(r.id for r in self._catalog.record_types)
            found |= targets
        return frozenset(found)


def _sort_columns(record_type: RecordType) -> tuple[str, ...]:
    view = record_type.list_view
    names = [c.field for c in view.columns if c.sort] + [view.sort.lstrip("-") or "_updated", "_updated"]
    return tuple(dict.fromkeys(names))


def _link_fields(fields: Iterable[Field]) -> Iterator[tuple[str, str, Field]]:
    for f in fields:
        if f.type in _ONE:
            yield f.name, "one", f
        elif f.type == "refs":
            yield f.name, "many", f
        elif f.type == "group" and any(c.type in _ONE or c.type == "refs" for c in f.fields):
            yield f.name, "group", f


def _targets_of(f: Field) -> frozenset[str]:
    """The types that a field says it refers to; none: any."""
    return frozenset([*f.targets, *([_TARGETS[f.type]] if f.type in _TARGETS else [])])


def _row_links(group: str, f: Field, rows: list[Fields]) -> Iterator[tuple[str, str]]:
    columns = tuple(_link_fields(f.fields))
    for row in rows:
        for name, kind, _ in columns if isinstance(row, dict) else ():
            value = row.get(name)
            several = value if kind == "many" and isinstance(value, list) else (value,)
            for target in several:
                if target and isinstance(target, str):
                    yield f"{group}/{name}", target


def _key_fields(record_type: RecordType) -> tuple[str, ...]:
    """Fields whose values are found by their hash: numbers of persons and organisations, the visit, and the first of
    ``duplicate`` that can tell records apart. One is enough there, and each costs every pulled record a place at random
    in a large index."""
    known = record_type.field_map
    telling = [n for n in record_type.duplicate if n in known and known[n].type not in _NOT_TELLING]
    names = telling[:1] + [f.name for f in record_type.fields if f.type in ("citizen_number", "tax_code")]
    if record_type.visit:
        names.append(record_type.visit)
    return tuple(dict.fromkeys(n for n in names if n in known and known[n].type not in _ONE | {"refs", "group"}))
