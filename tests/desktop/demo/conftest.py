"""A counter with its city, as the command line's tests have it."""

from __future__ import annotations

from tests.cli.conftest import cheap_passphrase, counter, one_catalogue, town

__all__ = ["cheap_passphrase", "counter", "one_catalogue", "town"]
