"""The part of the OpenAPI document that tells of updates of the program."""

from __future__ import annotations

from typing import Any

_REFUSED = {"$ref": "#/components/schemas/Refusal"}
_KINDS = ("application/json", "application/msgpack")
_WHY = {
    "401": "No device of this city",
    "404": "No such file in the repository",
    "416": "No such part of it",
    "429": "Too many requests; Retry-After says when to come back",
    "503": "The city is too busy or about to end; Retry-After says when to come back",
}
_SAID = {
    "platform": "Of the PC: windows-x86_64, linux-x86_64",
    "version": "The version at work",
    "waiting": "The version that waits for the next start",
    "failed": "A version that did not come up",
    "ring": "The ring that the PC was set up with; the city's own word goes over it",
}
OFFER_PARAMETERS: tuple[dict[str, Any], ...] = tuple(
    {"name": name, "in": "query", "required": False, "description": text, "schema": {"type": "string", "maxLength": 64}}
    for name, text in _SAID.items()
)


def update_paths() -> dict[str, Any]:
    """Path → its operations."""
    places = ("metadata/{file}", "targets/{platform}/{file}", "targets/{platform}/{version}/{file}")
    return {f"/v1/updates/files/{place}": {"get": _file(place)} for place in places}


def _file(place: str) -> dict[str, Any]:
    names = [part.strip("{}") for part in place.split("/") if part.startswith("{")]
    content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    responses: dict[str, Any] = {
        status: {"description": text, "content": {kind: {"schema": _REFUSED} for kind in _KINDS}}
        for status, text in _WHY.items()
    }
    responses |= {
        "200": {"description": "The whole file", "content": content},
        "206": {"description": "The part asked for", "content": content},
    }
    return {
        "summary": "A file of the repository of updates, whole or a part of it (Range: bytes=a-b)",
        "operationId": "updates_" + "_".join(names),
        "security": [{"device": []}],
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string", "minLength": 1, "maxLength": 120},
            }
            for name in names
        ],
        "responses": responses,
    }
