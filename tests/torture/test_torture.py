"""A few rounds of the torture; `tasks.py torture` runs hundreds."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.torture.account import Tally
from tests.torture.rounds import play

ROUNDS = 2


@pytest.mark.timeout(180)
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_every_acknowledged_save_is_accounted_for(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    seed = int(os.environ.get("SOPHUONG_TORTURE_SEED") or random.randrange(10**6))
    total = Tally()
    for n in range(ROUNDS):
        folder = tmp_path / str(n)
        folder.mkdir()
        url = f"sqlite:///{folder}/city.db" if database == "sqlite" else new_database(request)
        total.add(play(url, folder, seed + n, seconds=2.5))
    assert total.saves, f"seed {seed}: nothing was saved"
    assert total.kills_of_pc + total.kills_of_city + total.cuts, f"seed {seed}: nothing was struck"


def new_database(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("postgres_server").new_database())
