"""A line on which fields have their first names (``forms.renames``), for an engine and a store that use the pack's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from forms.definition import Catalog
from forms.renames import Renaming, to_first, to_present
from sync.marks import versions_mark
from sync.protocol import (
    Candidate,
    Change,
    ChangeResult,
    FieldProblem,
    FillAnswer,
    FillRequest,
    Hello,
    HistoryAnswer,
    Lease,
    LeaseRequest,
    PullAnswer,
    PullRequest,
    PushAnswer,
    PushRequest,
    RecordVersion,
    SyncAnswer,
    SyncError,
    SyncRequest,
    Transport,
)
from sync.versions import Versions

if TYPE_CHECKING:
    from sync.tus_line import FileLine

_NOTHING = Renaming()


class Renamings:
    """Both directions of every type, worked out when a record of it first comes by."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._known: dict[str, tuple[Renaming, Renaming]] = {}

    def of(self, type_id: str) -> tuple[Renaming, Renaming]:
        """(to the first names, to the pack's)"""
        found = self._known.get(type_id)
        if found is None:
            found = (_NOTHING, _NOTHING)
            if self._catalog.knows(type_id):
                record_type = self._catalog.record_type(type_id)
                found = (to_first(record_type, self._catalog), to_present(record_type, self._catalog))
            self._known[type_id] = found
        return found


class RenamedLine:
    """``Transport`` over another one."""

    def __init__(self, line: Transport, catalog: Catalog) -> None:
        self._line = line
        self._names = Renamings(catalog)
        self._prepared: tuple[tuple[Change, ...], tuple[Change, ...]] = ((), ())
        self._preparing = Lock()

    def hello(self) -> Hello:
        return self._line.hello()

    def lease(self, request: LeaseRequest) -> Lease:
        return self._line.lease(request)

    def pack_part(self, sha256: str, start: int, length: int) -> bytes:
        return self._line.pack_part(sha256, start, length)

    def pack_patch(self, sha256: str, old: str) -> bytes | None:
        ask = getattr(self._line, "pack_patch", None)
        patch: bytes | None = ask(sha256, old) if ask else None
        return patch

    @property
    def files(self) -> FileLine:
        return self._line.files

    @property
    def bytes_sent(self) -> int:
        return self._line.bytes_sent

    @property
    def bytes_received(self) -> int:
        return self._line.bytes_received

    def prepare(self, changes: tuple[Change, ...]) -> None:
        """These will be the next round's, if nothing comes between: what can be done for that is done when this returns,
        whichever of several threads that ask for it did so."""
        prepare = getattr(self._line, "prepare", None)
        if prepare is None:
            return
        with self._preparing:
            if changes is not self._prepared[0]:
                first = self._first(changes)
                prepare(first)
                self._prepared = (changes, first)

    def _first(self, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        if changes is self._prepared[0]:
            return self._prepared[1]
        if not any(self._names.of(type_id)[0] for type_id in {change.type for change in changes}):
            return changes  # nearly always: no field has another name
        return tuple(renamed_change(change, self._names.of(change.type)[0]) for change in changes)

    def sync(self, request: SyncRequest) -> SyncAnswer:
        types = {change.change_id: change.type for change in request.changes}
        answer = self._line.sync(replace(request, changes=self._first(request.changes)))
        news = tuple(replace(page, records=self._present(page.records)) for page in answer.news)
        return replace(answer, results=self._results(answer.results, types), news=news)

    def fill(self, request: FillRequest) -> FillAnswer:
        """A line that has no fills (a bundle) is as a city that knows none."""
        fill = getattr(self._line, "fill", None)
        if fill is None:
            raise SyncError(
                "no_page",
                "Đường truyền này không có bước tải lần đầu.",
                english="This way to the city has no first fill.",
                retry=False,
            )
        answer: FillAnswer = fill(request)
        pages = tuple(replace(page, records=self._present(page.records)) for page in answer.pages)
        return replace(answer, pages=pages, along=self._present(answer.along))

    def mark_of(self, versions: Versions) -> bytes:
        """The mark that the city has for these versions (``sync.marks``)."""
        if any(self._names.of(type_id)[0] for type_id in {*versions.types}):
            return versions_mark(renamed_version(v, self._names.of(v.type)[0]) for v in versions)
        return versions_mark(versions)

    def push(self, request: PushRequest) -> PushAnswer:
        types = {change.change_id: change.type for change in request.changes}
        changes = tuple(renamed_change(change, self._names.of(change.type)[0]) for change in request.changes)
        answer = self._line.push(replace(request, changes=changes))
        return replace(answer, results=self._results(answer.results, types))

    def pull(self, request: PullRequest) -> PullAnswer:
        answer = self._line.pull(request)
        return replace(answer, records=self._present(answer.records))

    def history(self, record_id: str) -> HistoryAnswer:
        answer = self._line.history(record_id)
        types = {change.change_id: change.type for change in answer.changes}
        changes = tuple(renamed_change(change, self._names.of(change.type)[1]) for change in answer.changes)
        return replace(answer, changes=changes, results=self._results(answer.results, types))

    def _present(self, versions: Sequence[RecordVersion]) -> Sequence[RecordVersion]:
        if not any(self._names.of(type_id)[1] for type_id in set(Versions.of(versions).types)):
            return versions  # nearly always: no field has another name
        return tuple(renamed_version(version, self._names.of(version.type)[1]) for version in versions)

    def _results(self, results: tuple[ChangeResult, ...], types: Mapping[str, str]) -> tuple[ChangeResult, ...]:
        if not any(self._names.of(type_id)[1] for type_id in {*types.values()}):
            return results
        return tuple(renamed_result(r, self._names.of(types.get(r.change_id, ""))[1]) for r in results)


def renamed_change(change: Change, names: Renaming) -> Change:
    if not names:
        return change
    return replace(change, before=names.values(change.before), after=names.values(change.after))


def renamed_result(result: ChangeResult, names: Renaming) -> ChangeResult:
    if not names or not (result.fields or result.problems):
        return result
    problems = tuple(_renamed_problem(problem, names) for problem in result.problems)
    return replace(result, fields=tuple(map(names.key, result.fields)), problems=problems)


def _renamed_problem(problem: FieldProblem, names: Renaming) -> FieldProblem:
    return replace(problem, field=names.key(problem.field)) if problem.field else problem


def renamed_version(version: RecordVersion, names: Renaming) -> RecordVersion:
    if not names:
        return version
    return replace(version, fields=names.values(version.fields), conflicts=renamed_conflicts(version.conflicts, names))


def renamed_conflicts(
    conflicts: Mapping[str, tuple[Candidate, ...]], names: Renaming
) -> dict[str, tuple[Candidate, ...]]:
    def value(key: str, value: Any) -> Any:
        return names.values({key: value})[names.key(key)]

    return {
        names.key(key): tuple(replace(c, value=value(key, c.value), before=value(key, c.before)) for c in candidates)
        for key, candidates in conflicts.items()
    }
