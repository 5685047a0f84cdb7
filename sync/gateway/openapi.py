"""The OpenAPI 3.1 document of the gateway, made from the protocol's own structs."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from sync.gateway.intake import CHANGE_ID, MOMENT
from sync.gateway.openapi_files import file_paths
from sync.gateway.openapi_updates import OFFER_PARAMETERS, update_paths
from sync.gateway.wire import JSON, LARGEST_BATCH, MSGPACK
from sync.hub.messages import CertificateAnswer, CertificateRequest, LogAnswer, LogRequest
from sync.protocol import (
    MOST_REPLACED,
    EnrolAnswer,
    EnrolRequest,
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
    Refusal,
    SyncAnswer,
    SyncRequest,
)
from sync.squeeze import LINE_FORM
from sync.updates.model import UpdateOffer

_STRUCTS = (
    EnrolRequest, EnrolAnswer, Hello, SyncRequest, SyncAnswer, FillRequest, FillAnswer, PushRequest, PushAnswer, PullRequest, PullAnswer, LeaseRequest, Lease,
    HistoryAnswer, UpdateOffer, CertificateRequest, CertificateAnswer, LogRequest, LogAnswer, Refusal,
)  # fmt: skip
_REFUSALS = {
    "400": "The body cannot be read or asks for the impossible",
    "401": "No device of this city",
    "403": "Not granted",
    "404": "No such record, or not for this device",
    "408": "The body came too slowly",
    "409": "Another device holds the book, or there is no such device to have it; the code is of another ward, or of several",
    "413": "Larger than the gateway takes; send less at a time",
    "415": "Neither MessagePack nor JSON, or a compression other than zstd",
    "429": "Too many requests, or wrong codes; Retry-After says when to come back",
    "503": "The city cannot store just now, is too busy or about to end; Retry-After says when to come back",
}


class _Operation(msgspec.Struct):
    method: str
    path: str
    summary: str
    request: type | None
    answer: type
    refusals: tuple[str, ...] = ()
    open: bool = False
    parameters: tuple[dict[str, Any], ...] = ()


_REFUSED = {"$ref": "#/components/schemas/Refusal"}
OCTETS = "application/octet-stream"
_RECORD_ID = {
    "name": "record_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 64},
}
_OPERATIONS = (
    _Operation("get", "/v1/hello", "Who the city is and what this device may do", None, Hello, ("401",)),
    _Operation(
        "post", "/v1/enrol", "Trade an enrolment code for a device token", EnrolRequest, EnrolAnswer,
        ("403", "409", "429"), open=True,
    ),
    _Operation("post", "/v1/sync", "One round: send changes, read what is new", SyncRequest, SyncAnswer, ("401",)),
    _Operation("post", "/v1/fill", "A page of a new PC's first fill", FillRequest, FillAnswer, ("401",)),
    _Operation("post", "/v1/push", "Send changes; one result each, in order", PushRequest, PushAnswer, ("401",)),
    _Operation("post", "/v1/pull", "Records of a stream after a cursor", PullRequest, PullAnswer, ("401", "403")),
    _Operation("post", "/v1/lease", "The right to number a book", LeaseRequest, Lease, ("401", "403", "409")),
    _Operation(
        "get", "/v1/records/{record_id}/history", "Every change of a record", None, HistoryAnswer, ("400", "401", "404"),
        parameters=(_RECORD_ID,),
    ),
    _Operation(
        "get", "/v1/updates/offer", "Which version of the program this device is to work with", None, UpdateOffer,
        ("401",), parameters=OFFER_PARAMETERS,
    ),
    _Operation(
        "post", "/v1/hub/certificate", "A certificate for the hub of a ward", CertificateRequest, CertificateAnswer,
        ("401", "403"),
    ),
    _Operation("post", "/v1/hub/log", "What is new in the streams a hub copies", LogRequest, LogAnswer, ("401", "403")),
)  # fmt: skip


_PACK = {
    "summary": "The file of a pack, whole or a part of it (Range: bytes=a-b)",
    "operationId": "packs_sha256",
    "security": [{"device": []}],
    "parameters": [
        {
            "name": "sha256",
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "maxLength": 64},
        }
    ],
    "responses": {
        status: {"description": text, "content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}}
        if status.startswith("2")
        else {"description": text, "content": {kind: {"schema": _REFUSED} for kind in (JSON, MSGPACK)}}
        for status, text in {
            "200": "The whole file",
            "206": "The part asked for",
            "401": _REFUSALS["401"],
            "404": "No such pack",
            "416": "No such part of it",
            "429": _REFUSALS["429"],
            "503": _REFUSALS["503"],
        }.items()
    },
}

_PACK_PATCH = {
    "summary": "What makes a pack of an older one: zstd with the old one as its dictionary",
    "operationId": "packs_patch",
    "security": [{"device": []}],
    "parameters": [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1, "maxLength": 64}}
        for name in ("sha256", "old")
    ],
    "responses": {status: about for status, about in _PACK["responses"].items() if status not in ("206", "416")},  # type: ignore[attr-defined]
}


@cache
def document() -> dict[str, Any]:
    """The document, ready for JSON."""
    references, components = msgspec.json.schema_components(_STRUCTS, ref_template="#/components/schemas/{name}")
    schemas = dict(zip(_STRUCTS, references, strict=True))
    paths: dict[str, Any] = {}
    for operation in _OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, schemas)
    own = {
        LINE_FORM: {"schema": {"type": "string", "format": "binary", "description": "The line's own form of the same"}}
    }
    for body in (paths["/v1/sync"]["post"]["requestBody"], paths["/v1/sync"]["post"]["responses"]["200"]):
        body["content"] = {**body["content"], **own}
    _bound(components)
    paths["/v1/packs/{sha256}"] = {"get": _PACK}
    paths["/v1/packs/{sha256}/from/{old}"] = {"get": _PACK_PATCH}
    paths.update(file_paths())
    paths.update(update_paths())
    paths["/healthz"] = {"get": _plain("Whether the gateway and its database work", {"type": "object"})}
    paths["/readyz"] = {
        "get": _plain("Whether requests are to be sent here: not while it is ending", {"type": "object"})
    }
    paths["/openapi.json"] = {"get": _plain("This document", {"type": "object"})}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sổ Phường: the city's gateway",
            "version": "1",
            "description": "Bodies are MessagePack or JSON, zstd-compressed or not. Unknown keys are ignored.",
        },
        "paths": paths,
        "components": {
            "schemas": dict(components),
            "securitySchemes": {"device": {"type": "http", "scheme": "bearer"}},
        },
    }


def _bound(components: dict[str, Any]) -> None:
    """What the gateway holds a device to and the structs, which PCs read too, do not say."""
    change: dict[str, Any] = components["Change"]["properties"]
    for name in ("change_id", "record_id"):
        change[name] |= {"pattern": f"^{CHANGE_ID.pattern}$"}
    change["in_place_of"] |= {"maxItems": MOST_REPLACED}
    change["at"] |= {"format": "date-time", "pattern": f"^{MOMENT.pattern}$"}
    for name in ("PushRequest", "SyncRequest"):
        components[name]["properties"]["changes"] |= {"maxItems": LARGEST_BATCH}


def _operation(operation: _Operation, schemas: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    always = ("400", "408", "413", "415", "429", "503") if operation.request else ("429", "503")
    refusals = [*always, *operation.refusals]
    described: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": operation.path.replace("/v1/", "").replace("/", "_").replace("{record_id}_", ""),
        "security": [] if operation.open else [{"device": []}],
        "parameters": list(operation.parameters),
        "responses": {
            "200": _content("Done", schemas[operation.answer]),
            **{status: _content(_REFUSALS[status], schemas[Refusal]) for status in sorted(set(refusals))},
        },
    }
    if operation.request is not None:
        body = _content("", schemas[operation.request])["content"]
        described["requestBody"] = {"required": True, "content": body}
    return described


def _content(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {kind: {"schema": schema} for kind in (JSON, MSGPACK)}}


def _plain(summary: str, schema: dict[str, Any]) -> dict[str, Any]:
    answer = {"description": "Done", "content": {JSON: {"schema": schema}}}
    refusals = {status: _content(_REFUSALS[status], _REFUSED) for status in ("429", "503")}
    return {"summary": summary, "security": [], "responses": {"200": answer, **refusals}}
