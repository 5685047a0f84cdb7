"""Files over HTTP: uploads by tus 1.0 (https://tus.io/protocols/resumable-upload), downloads in parts by ``Range``.

Core and the extensions creation, creation-with-upload, checksum, termination and expiration. ``Upload-Metadata`` of a new
upload says whose file it is: ``ward``, ``scope`` and ``sha256``; with ``resume`` the client goes on from the Upload-Offset of
the answer, which may be the file's end. A whole file has an address of its own, by stream and SHA-256, where it can be
read, and which answers HEAD as an upload that has come to its end.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from email.utils import formatdate
from urllib.parse import quote

from forms.attached import LARGEST_FILE
from sync.gateway.access import Device
from sync.gateway.refusals import RefusedError, bad_request
from sync.gateway.routes import Answer, Asked, Route, wanted_range
from sync.gateway.uploads import CityFile, Upload, Uploads, WantedUpload, elsewhere

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,termination,expiration"
OFFSET_OCTETS = "application/offset+octet-stream"
_ALGORITHMS = {"sha256": hashlib.sha256, "sha1": hashlib.sha1}
_KEY = re.compile(r"[!-+\--~]+")  # ASCII without spaces and commas
_LONGEST_METADATA = 4096
_Handler = Callable[[Asked], Answer]


class TusRoutes:
    """``device``: who asks (raises RefusedError 401)."""

    def __init__(self, uploads: Uploads, device: Callable[[Asked], Device]) -> None:
        self._uploads = uploads
        self._device = device

    def routes(self) -> list[Route]:
        upload, file = "/v1/files/{}", "/v1/files/{}/{}/{}"
        methods: dict[str, _Handler] = {"HEAD": self._head, "PATCH": self._patch, "DELETE": self._delete}
        return [
            Route("OPTIONS", "/v1/files", self._options),
            Route("OPTIONS", upload, self._options),
            Route("POST", "/v1/files", _spoken(self._create)),
            # a proxy that lets no other method through: https://tus.io, X-HTTP-Method-Override
            Route("POST", upload, _spoken(lambda asked: _overridden(asked, methods)(asked))),
            *(Route(method, upload, _spoken(handler)) for method, handler in methods.items()),
            Route("HEAD", file, self._file_head),
            Route("PATCH", file, _spoken(self._file_patch)),
            Route("GET", file, self._file),
        ]

    def _options(self, asked: Asked) -> Answer:
        about = {
            "Tus-Version": VERSION,
            "Tus-Max-Size": str(LARGEST_FILE),
            "Tus-Extension": EXTENSIONS,
            "Tus-Checksum-Algorithm": ",".join(_ALGORITHMS),
        }
        return _answer(204, about)

    def _create(self, asked: Asked) -> Answer:
        """A new upload; to ``resume``, the one to go on with, or the file's own address where the stream has it."""
        device = self._device(asked)
        size = _number(asked, "upload-length")
        text = asked.headers.get("upload-metadata", "")
        metadata = read_metadata(text)
        ward, scope, sha256 = (metadata.get(key, "") for key in ("ward", "scope", "sha256"))
        wanted = WantedUpload(ward, scope, sha256, size, text, "resume" in metadata)
        if size > LARGEST_FILE:  # told before anything else: a client asks OPTIONS for the limit
            raise RefusedError(413, "file_too_large", "Tệp quá lớn.", f"At most {LARGEST_FILE} bytes a file.")
        upload = self._uploads.begin(device, wanted)
        if isinstance(upload, CityFile):
            return _answer(201, {"Location": _address(upload), "Upload-Offset": str(upload.size)})
        if asked.body and _kind(asked) == OFFSET_OCTETS and upload.received == 0:
            _check_sum(asked)
            upload = self._uploads.put(device, upload.id, 0, asked.body)
        return _answer(201, {"Location": f"/v1/files/{quote(upload.id)}", **_standing(upload)})

    def _head(self, asked: Asked) -> Answer:
        upload = self._uploads.at(self._device(asked), asked.places[0])
        headers = {**_standing(upload), "Upload-Length": str(upload.size), "Cache-Control": "no-store"}
        if upload.metadata:
            headers["Upload-Metadata"] = upload.metadata
        return _answer(200, headers)

    def _patch(self, asked: Asked) -> Answer:
        device = self._device(asked)
        if _kind(asked) != OFFSET_OCTETS:
            vi, en = "Phần tệp gửi lên không đúng kiểu.", f"Send {OFFSET_OCTETS}."
            raise RefusedError(415, "unknown_type", vi, en)
        offset = _number(asked, "upload-offset")
        _check_sum(asked)
        return _answer(204, _standing(self._uploads.put(device, asked.places[0], offset, asked.body)))

    def _delete(self, asked: Asked) -> Answer:
        self._uploads.end(self._device(asked), asked.places[0])
        return _answer(204, {})

    def _file_head(self, asked: Asked) -> Answer:
        file = self._asked_file(asked)
        size = str(file.size)
        return _answer(200, {**_about(file), "Content-Length": size, "Upload-Offset": size, "Upload-Length": size})

    def _file_patch(self, asked: Asked) -> Answer:
        """There is nothing to add to a whole file; a client that goes on learns that it is at the end."""
        file = self._asked_file(asked)
        if asked.body or _number(asked, "upload-offset") != file.size:
            raise elsewhere(file.size)
        return _answer(204, {"Upload-Offset": str(file.size)})

    def _file(self, asked: Asked) -> Answer:
        """Bytes of a file, in parts by ``Range``."""
        file = self._asked_file(asked)
        wanted = asked.headers.get("range")
        start, end = wanted_range(wanted, file.size)
        headers = _about(file)
        if wanted:
            headers["Content-Range"] = f"bytes {start}-{end}/{file.size}"
        return Answer(206 if wanted else 200, headers, self._uploads.read(file, start, end - start + 1))

    def _asked_file(self, asked: Asked) -> CityFile:
        return self._uploads.file(self._device(asked), *asked.places)


def read_metadata(text: str) -> dict[str, str]:
    """``Upload-Metadata``: keys with their values in base64, separated by commas. Raises RefusedError (400)."""
    found: dict[str, str] = {}
    wrong = bad_request("Thông tin của tệp không đúng.", "Upload-Metadata is: key base64, key base64 …", "bad_metadata")
    if len(text) > _LONGEST_METADATA:
        raise wrong
    for pair in text.split(",") if text.strip() else ():
        key, _, value = pair.strip().partition(" ")
        if not _KEY.fullmatch(key) or key in found:
            raise wrong
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise wrong from error
        if "\0" in found[key]:
            raise wrong
    return found


def _spoken(handler: _Handler) -> _Handler:
    """The handler for those who speak this version; what it says, also in refusing, names the version."""

    def served(asked: Asked) -> Answer:
        try:
            if asked.headers.get("tus-resumable") != VERSION:
                vi, en = "Cách gửi tệp này thành phố không hiểu.", f"Send Tus-Resumable: {VERSION}."
                raise RefusedError(412, "tus_version", vi, en, headers={"Tus-Version": VERSION})
            return handler(asked)
        except RefusedError as error:
            error.headers["Tus-Resumable"] = VERSION
            raise

    return served


def _overridden(asked: Asked, methods: dict[str, _Handler]) -> _Handler:
    handler = methods.get(asked.headers.get("x-http-method-override", "").upper())
    if handler is None:
        headers = {"Allow": ", ".join(sorted(methods))}
        raise RefusedError(405, "wrong_method", "Không có cách gọi này.", "No such method.", headers=headers)
    return handler


def _check_sum(asked: Asked) -> None:
    """Whether the body is what ``Upload-Checksum`` says. Raises RefusedError (400, 460)."""
    given = asked.headers.get("upload-checksum", "").strip()
    if not given:
        return
    name, _, value = given.partition(" ")
    algorithm = _ALGORITHMS.get(name.lower())
    try:
        said = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        said = b""
    if algorithm is None or len(said) != algorithm().digest_size:
        en = f"Upload-Checksum is an algorithm ({', '.join(_ALGORITHMS)}) and base64."
        raise bad_request("Mã kiểm tra của phần tệp không đúng dạng.", en, "bad_checksum")
    if not hmac.compare_digest(algorithm(asked.body).digest(), said):
        vi = "Phần tệp hỏng trên đường truyền; máy sẽ gửi lại."
        raise RefusedError(460, "checksum", vi, "The part is damaged; send it again.")


def _number(asked: Asked, name: str) -> int:
    text = asked.headers.get(name, "")
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise bad_request("Thiếu độ dài hoặc vị trí của phần tệp.", f"{name.title()} is a whole number, 0 or more.")
    return int(text)


def _kind(asked: Asked) -> str:
    return asked.headers.get("content-type", "").partition(";")[0].strip().lower()


def _standing(upload: Upload) -> dict[str, str]:
    return {"Upload-Offset": str(upload.received), "Upload-Expires": formatdate(upload.expires, usegmt=True)}


def _address(file: CityFile) -> str:
    return "/v1/files/" + "/".join(quote(part, safe="") for part in (file.ward, file.scope, file.sha256))


def _about(file: CityFile) -> dict[str, str]:
    """Never shown by a browser, whatever is inside; what has this address never changes."""
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": "attachment",
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-store",
        "ETag": f'"{file.sha256}"',
    }


def _answer(status: int, headers: dict[str, str]) -> Answer:
    return Answer(status, {"Tus-Resumable": VERSION, **headers})
