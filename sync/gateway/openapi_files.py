"""The part of the OpenAPI document that tells of files: uploads by tus 1.0, downloads by ``Range``."""

from __future__ import annotations

from typing import Any

from sync.gateway.tus import EXTENSIONS, OFFSET_OCTETS, VERSION

_JSON, _MSGPACK, _OCTETS = "application/json", "application/msgpack", "application/octet-stream"
_REFUSED = {"$ref": "#/components/schemas/Refusal"}
_BINARY = {"type": "string", "format": "binary"}
_WHY = {
    "400": "A header is missing or makes no sense",
    "401": "No device of this city",
    "403": "No grant for the stream",
    "404": "No such upload of this device; no such file, or not for this device",
    "408": "The part came too slowly",
    "409": "Upload-Offset is not where the upload stands",
    "412": f"Tus-Resumable is not {VERSION}",
    "413": "Larger than a file may be, or than was said",
    "415": f"Not {OFFSET_OCTETS}",
    "416": "No such part of the file",
    "429": "Too many requests, unfinished uploads or bytes of a day of this device; Retry-After says when to come back",
    "460": "The part, or the whole file, is not what its checksum says",
    "503": "The city cannot store just now, is too busy or about to end; Retry-After says when to come back",
}


def file_paths() -> dict[str, Any]:
    """Path → its operations."""
    upload = [_place("upload")]
    file = [_place(name) for name in ("ward", "scope", "sha256")]
    resumable = _header("Tus-Resumable", {"type": "string", "enum": [VERSION]})
    offset = _header("Upload-Offset", {"type": "integer", "minimum": 0})
    checksum = _header("Upload-Checksum", {"type": "string"}, required=False)
    body = {OFFSET_OCTETS: {"schema": _BINARY}}
    part = {"required": True, "content": body}
    what_can_be_done = {
        "summary": f"What this server can do of tus: {EXTENSIONS}",
        "security": [],
        "responses": _responses({"204": "In the headers"}),
    }
    return {
        "/v1/files": {
            "options": {**what_can_be_done, "operationId": "files_options"},
            "post": {
                **_operation("files_create", "Begin to send a file (tus 1.0), or learn that the stream has it"),
                "parameters": [
                    resumable,
                    _header("Upload-Length", {"type": "integer", "minimum": 1}),
                    _header(
                        "Upload-Metadata",
                        {
                            "type": "string",
                            "description": "ward, scope, sha256 in base64; resume: go on from the answer's Upload-Offset",
                        },
                    ),
                    checksum,
                ],
                "requestBody": {"required": False, "content": body},
                "responses": _responses(
                    {"201": "Go on at Location, from Upload-Offset on"},
                    *("400", "401", "403", "408", "412", "413", "460"),
                ),
            },
        },
        "/v1/files/{upload}": {
            "options": {**what_can_be_done, "operationId": "files_upload_options", "parameters": upload},
            "head": {
                **_operation("files_offset", "How much of an upload has come"),
                "parameters": [*upload, resumable],
                "responses": _responses({"200": "In Upload-Offset"}, "401", "404", "412"),
            },
            "patch": {
                **_operation("files_part", "Send a part; with the last one the file is at the city"),
                "parameters": [*upload, resumable, offset, checksum],
                "requestBody": part,
                "responses": _responses(
                    {"204": "Taken"}, "400", "401", "404", "408", "409", "412", "413", "415", "460"
                ),
            },
            "delete": {
                **_operation("files_end", "Give an upload up"),
                "parameters": [*upload, resumable],
                "responses": _responses({"204": "Gone"}, "401", "404", "412"),
            },
        },
        "/v1/files/{ward}/{scope}/{sha256}": {
            "head": {
                **_operation("files_size", "Whether the stream has a file, and its size"),
                "parameters": file,
                "responses": _responses({"200": "It has"}, "401", "404"),
            },
            "patch": {
                **_operation("files_end_reached", "Nothing can be added to a whole file"),
                "parameters": [*file, resumable, offset],
                "requestBody": {"required": False, "content": body},
                "responses": _responses({"204": "It is whole"}, "400", "401", "404", "408", "409", "412"),
            },
            "get": _read("files_read", "A file of a stream, whole or a part of it (Range: bytes=a-b)"),
        },
        "/v1/hub/files/{ward}/{scope}/{sha256}": {
            "get": _read("hub_files_read", "The same for the hub of the ward, which copies it"),
        },
    }


def _read(name: str, summary: str) -> dict[str, Any]:
    return {
        **_operation(name, summary),
        "parameters": [_place(each) for each in ("ward", "scope", "sha256")],
        "responses": {
            **_responses({}, "401", "403", "404", "416"),
            **{
                status: {"description": text, "content": {_OCTETS: {"schema": _BINARY}}}
                for status, text in {"200": "The whole file", "206": "The part asked for"}.items()
            },
        },
    }


def _operation(name: str, summary: str) -> dict[str, Any]:
    return {"operationId": name, "summary": summary, "security": [{"device": []}]}


def _place(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    }


def _header(name: str, schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": schema}


def _responses(done: dict[str, str], *refusals: str) -> dict[str, Any]:
    found: dict[str, Any] = {status: {"description": text} for status, text in done.items()}
    for status in sorted({*refusals, "429", "503"}):
        content = {kind: {"schema": _REFUSED} for kind in (_JSON, _MSGPACK)}
        found[status] = {"description": _WHY[status], "content": content}
    return found
