"""What a run of the fuzzer found, kept."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import cast

from sync.gateway.city import City
from sync.gateway.face import Face
from sync.gateway.openapi import document
from sync.gateway.wire import LARGEST_BATCH
from sync.protocol import MOST_REPLACED

OVERRIDDEN = ("POST", "/v1/files/{}")


def test_an_id_that_is_none_is_a_refusal_the_description_knows() -> None:
    history = document()["paths"]["/v1/records/{record_id}/history"]["get"]
    assert "400" in history["responses"]


def test_every_route_for_devices_says_that_it_may_be_too_busy() -> None:
    for path, methods in document()["paths"].items():
        for method, about in methods.items():
            if path.startswith(
                ("/v1/sync", "/v1/push", "/v1/pull", "/v1/hello", "/v1/lease", "/v1/enrol", "/v1/records")
            ):
                assert {"429", "503"} <= set(about["responses"]), (method, path)


def test_the_description_names_every_page_and_no_other() -> None:
    """But for the way round for proxies that let no PATCH through, which tus describes."""
    city = cast(City, SimpleNamespace(uploads=None, updates=None))
    served = {(route.method, route.path) for route in Face(city).routes if (route.method, route.path) != OVERRIDDEN}
    told = {
        (method.upper(), re.sub(r"\{[^}]*\}", "{}", path))
        for path, methods in document()["paths"].items()
        for method in methods
    }
    shapes = {("GET", f"/v1/updates/files/{'/'.join(['{}'] * depth)}") for depth in (2, 3, 4)}
    named = {(m, p) for m, p in told if p.startswith("/v1/updates/files/")}
    assert served - shapes == told - named
    assert named


def test_every_page_may_refuse_for_want_of_room_and_time() -> None:
    for path, methods in document()["paths"].items():
        for method, about in methods.items():
            assert {"429", "503"} <= set(about["responses"]), (method, path)
            if "requestBody" in about:
                assert "408" in about["responses"], (method, path)


def test_the_description_tells_what_a_change_is_held_to() -> None:
    schemas = document()["components"]["schemas"]
    change = schemas["Change"]["properties"]
    assert change["in_place_of"]["maxItems"] == MOST_REPLACED
    assert schemas["PushRequest"]["properties"]["changes"]["maxItems"] == LARGEST_BATCH
    assert re.fullmatch(change["at"]["pattern"], "2026-11-22T03:00:00Z")
    assert not re.fullmatch(change["at"]["pattern"], "hôm qua")
    assert "taken_before" in schemas["ChangeResult"]["properties"]
    assert "lent" in schemas["Hello"]["properties"]


def test_a_code_of_another_ward_is_a_refusal_the_description_knows() -> None:
    assert {"403", "409"} <= set(document()["paths"]["/v1/enrol"]["post"]["responses"])
