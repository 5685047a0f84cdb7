"""How much of a ward's work the catalogue holds: ``python -m tests.catalogue_coverage`` writes docs/coverage.md.

tests/data/coverage/domain.yaml says what there is in an office: tools, record types, fields, printouts, reports, and which
fields carry a rule in words. The other files there say, tool by tool, which of ours answers to each, or why none does:

    printouts: {record: {"paper's name": our printout}}      reports: {"report's name": our report}
    rules: {record.field: what the rule became}              gaps: {"record.field" or a name: the reason}
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from forms.definition import Catalog, RecordType, Tool
from forms.field_definition import Field
from forms.loader import load_catalog

ROOT = Path(__file__).resolve().parent.parent
FACTS = ROOT / "tests" / "data" / "coverage"
REPORT = ROOT / "docs" / "coverage.md"
_MARK = re.compile(r"\s*\[[SK][^\]]*\]")


class Gap(Struct, frozen=True):
    """Something of the office that the catalogue does not have under that name. ``reason`` is "" when nobody said why."""

    kind: str
    name: str
    reason: str


class ToolCoverage(Struct, frozen=True):
    tool: str
    counts: dict[str, tuple[int, int]]  # kind → (there, wanted)
    gaps: tuple[Gap, ...]


def plain(name: str) -> str:
    """A name without its marks of source and sureness."""
    return " ".join(_MARK.sub("", name).split())


def coverage(catalog: Catalog) -> list[ToolCoverage]:
    """Each tool of the office compared with the catalogue, in the office's order."""
    domain = _read(FACTS / "domain.yaml")
    tools = {tool.id: tool for tool in catalog.tools}
    return [_tool(name, facts, tools.get(name), _answers(name)) for name, facts in domain.items()]


def _tool(name: str, facts: dict[str, Any], tool: Tool | None, answers: dict[str, Any]) -> ToolCoverage:
    said = {plain(key): str(reason) for key, reason in (answers.get("gaps") or {}).items()}
    wanted: dict[str, int] = {}
    gaps: list[Gap] = []
    for kind, item, there in _items(facts, tool, answers):
        wanted[kind] = wanted.get(kind, 0) + 1
        if not there:
            gaps.append(Gap(kind, item, said.get(item, said.get(item.partition(": ")[2], ""))))
    missing = {kind: sum(gap.kind == kind for gap in gaps) for kind in wanted}
    return ToolCoverage(name, {kind: (n - missing[kind], n) for kind, n in wanted.items()}, tuple(gaps))


def _items(facts: dict[str, Any], tool: Tool | None, answers: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """(kind, name, whether the catalogue has it)."""
    records = {record.id.partition(".")[2]: record for record in tool.records} if tool else {}
    rules = answers.get("rules") or {}
    papers = {name: {plain(k): v for k, v in kept.items()} for name, kept in (answers.get("printouts") or {}).items()}
    for name, record_facts in facts["records"].items():
        record = records.get(name)
        yield "record types", name, record is not None
        fields = set(_field_names(record)) if record else set()
        for field in record_facts["fields"]:
            yield "fields", f"{name}.{field}", field in fields
        for field in record_facts["rules"]:
            yield "rules", f"{name}.{field}", bool(rules.get(f"{name}.{field}"))
        known = {printout.id for printout in record.printouts} if record else set()
        for paper in map(plain, record_facts["printouts"]):
            yield "printouts", f"{name}: {paper}", papers.get(name, {}).get(paper) in known
    made = {report.id for report in tool.reports} if tool else set()
    answered = {plain(key): value for key, value in (answers.get("reports") or {}).items()}
    for report in map(plain, facts["reports"]):
        yield "reports", report, answered.get(report) in made


def _field_names(record: RecordType) -> Iterator[str]:
    """Fields by name, and what the engine keeps for every record (its state)."""
    yield from ("status", "state")
    for field in record.fields:
        yield field.name
        yield from _columns(field)


def _columns(field: Field) -> Iterator[str]:
    for column in field.fields:
        yield column.name


def _answers(tool: str) -> dict[str, Any]:
    path = FACTS / f"{tool}.yaml"
    return _read(path) if path.exists() else {}


def _read(path: Path) -> dict[str, Any]:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return data if isinstance(data, dict) else {}


KINDS = ("record types", "fields", "rules", "printouts", "reports")


def written(covered: list[ToolCoverage], catalog: Catalog) -> str:
    """docs/coverage.md."""
    lines = [
        "# Coverage of a ward's work",
        "",
        "Made by `python3 tasks.py coverage`; compared with `tests/data/coverage/`, where each rule in words has its answer.",
        "",
        f"| tool | {' | '.join(KINDS)} |",
        f"|---|{'---|' * len(KINDS)}",
    ]
    labels = {tool.id: tool.label.vi for tool in catalog.tools}
    for one in covered:
        cells = [_cell(one.counts.get(kind, (0, 0))) for kind in KINDS]
        lines.append(f"| {labels.get(one.tool, one.tool)} (`{one.tool}`) | {' | '.join(cells)} |")
    sums = [
        _cell(tuple(sum(one.counts.get(kind, (0, 0))[n] for one in covered) for n in (0, 1)))  # type: ignore[arg-type]
        for kind in KINDS
    ]
    lines += [f"| **all** | {' | '.join(sums)} |", "", "## Under another name, or not there", ""]
    for one in covered:
        for gap in one.gaps:
            lines.append(f"- {gap.kind[:-1]} `{one.tool}.{gap.name}`: {gap.reason or '**no reason given**'}")
    if not any(one.gaps for one in covered):
        lines.append("Nothing.")
    return "\n".join(lines) + "\n"


def _cell(counts: tuple[int, int]) -> str:
    there, wanted = counts
    return "–" if not wanted else str(wanted) if there == wanted else f"{there} of {wanted}"


def main() -> int:
    catalog = load_catalog()
    covered = coverage(catalog)
    REPORT.write_text(written(covered, catalog), encoding="utf-8")
    silent = [gap for one in covered for gap in one.gaps if not gap.reason]
    print(f"docs/coverage.md: {len(silent)} gaps without a reason")
    for gap in silent[:20]:
        print(f"  {gap.kind[:-1]} {gap.name}")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
