"""What a run of the fuzzer found, kept."""

from __future__ import annotations

from sync.gateway.openapi import document


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
