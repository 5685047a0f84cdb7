from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    """Computed once with ICU, glibc and public holiday decisions; people and numbers are invented."""
    text = Path(__file__).with_name("data").joinpath("vectors.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded
