"""On a PC of two wards: who serves only the second begins nothing there, since new records belong to the first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.features.cases import COPY, copy_of
from tests.features.story import CUA_NAM, HOAN_KIEM, Answer, Counter, Town, run

HERE, THERE = "Nguyễn Văn Thử", "Trần Thị Thử"
MONTH_LIST = "social_protection.month_list"


@pytest.fixture
def both(town: Town) -> Counter:
    """One officer serves both wards, the other the second alone."""
    pc = Counter(town.folder / "both")
    roles = ("--role", "social_officer", "--role", "office_head")
    for wards, name in (((HOAN_KIEM, CUA_NAM), HERE), ((CUA_NAM,), THERE)):
        asked = [word for ward in wards for word in ("--ward", ward)]
        code = run("gateway", "enrol", "--database", town.storage_url, *asked, "--officer", name, *roles).out.strip()
        pc.must("enrol", "--url", town.gateway.url, "--code", code, "--device", "both")
    pc.syncs()  # who serves where comes with the first
    assert next(iter(pc.status()["wards"])) == HOAN_KIEM
    return pc


def _imports(pc: Counter, officer: str, *titles: str) -> Answer:
    path = Path(pc.folder / "lines.ndjson")
    lines = [json.dumps({"fields": copy_of(title)}, ensure_ascii=False) for title in titles]
    path.write_text("\n".join(lines), encoding="utf-8")
    return pc.run("import", COPY, str(path), "--json", "--officer", officer)


def test_an_import_of_who_serves_elsewhere_takes_nothing_in_and_says_why(both: Counter) -> None:
    refused = _imports(both, THERE, "Bằng đại học", "Bằng tốt nghiệp")
    assert (refused.code, refused.json["accepted"]) == (1, 0)
    assert [line["line"] for line in refused.json["refused"]] == [1, 2]
    told = {line["message"] for line in refused.json["refused"]}
    assert len(told) == 1 and "Phường Hoàn Kiếm" in (why := told.pop()) and f"{THERE} không được phân công" in why
    assert _imports(both, HERE, "Bằng đại học").json["accepted"] == 1
    both.syncs()
    assert both.status()["refused"] == 0


def test_lists_for_everybody_are_offered_and_made_only_by_who_serves_here(both: Counter) -> None:
    def offered(officer: str) -> list[str]:
        return [row["flow"] for row in both.must("batch", "--officer", officer)["batches"]]

    assert MONTH_LIST in offered(HERE) and offered(THERE) == []
    refused = both.run("batch", MONTH_LIST, "period=11/2026", "--officer", THERE)
    assert refused.code == 1 and THERE in refused.err and "không lập được" in refused.err
    assert both.must("batch", MONTH_LIST, "period=11/2026", "--count", "--officer", HERE)["made"] == 0
