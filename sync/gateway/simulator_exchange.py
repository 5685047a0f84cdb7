"""The document exchange, played: takes packages, answers with statuses, and has packages of its own for the wards."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import unquote

from sync.clock import Clock, moment_text
from sync.gateway.adapters.package_xml import PackageError, build, read

Answered = tuple[int, bytes]
_ME = {"FromId": "H26", "FromName": "Trục liên thông văn bản"}


class ExchangePlay:
    """``known``: organisation codes it can reach (None: all); ``ponders``: how often it says “arrived” before it accepts.
    ``packages``: what came, by key; ``waiting``: packages for wards, by name; ``told``: the statuses that came back."""

    def __init__(self, clock: Clock, known: set[str] | None = None, ponders: int = 1) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: dict[str, int] = {}
        self.known = known
        self.ponders = ponders
        self.packages: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.waiting: dict[str, bytes] = {}
        self.told: dict[str, dict[str, Any]] = {}

    def send(self, name: str, elements: dict[str, Any], files: dict[str, bytes] | None = None) -> None:
        """Have a package lie in the inbox. ``files``: by SHA-256, named in ``Attachments``."""
        held = files or {}
        moment = {"Timestamp": moment_text(self._clock.now())}
        self.waiting[name] = build({**elements, **moment}, held.get)

    def take(self, method: str, path: str, key: str, body: bytes) -> Answered:
        """``path`` below the exchange's own address."""
        with self._lock:
            where, _, name = path.strip("/").partition("/")
            name = unquote(name)
            if method == "POST" and not where:
                return self._package(key, body)
            if method == "GET" and where == "status":
                return self._status(name) if name in self.packages else (404, b"")
            if method == "GET" and where == "inbox":
                return self._inbox(name)
            if method == "POST" and where == "inbox" and name in self.waiting:
                self.told[name] = read(body)[0]
                del self.waiting[name]
                return 200, b""
            return 404, b""

    def _package(self, key: str, body: bytes) -> Answered:
        try:
            elements, files = read(body)
        except PackageError as error:
            return 200, self._told({"StatusCode": "02", "Description": str(error), "ResponseForId": key})
        self.packages.setdefault(key, elements)
        self.files |= files
        return self._status(key)

    def _status(self, key: str) -> Answered:
        elements = self.packages[key]
        strange = [row for row in elements.get("To", []) if self.known is not None and row["OrganId"] not in self.known]
        if strange:
            problem = {
                "Element": "To",
                "Value": strange[0]["OrganId"],
                "Description": f"Không có cơ quan nào mang mã định danh {strange[0]['OrganId']} trên trục.",
            }
            told = {"StatusCode": "02", "Description": "Sai nơi nhận.", "ResponseForId": key, "Problems": [problem]}
            return 200, self._told(told)
        self._asked[key] = asked = self._asked.get(key, 0) + 1
        if asked <= self.ponders:
            return 200, self._told({"StatusCode": "01", "ResponseForId": key})
        number = f"VB-{list(self.packages).index(key) + 1:06d}"
        return 200, self._told({"StatusCode": "03", "ResponseForId": number})

    def _inbox(self, name: str) -> Answered:
        if not name:
            return 200, json.dumps(sorted(self.waiting)).encode()
        return (200, self.waiting[name]) if name in self.waiting else (404, b"")

    def _told(self, status: dict[str, Any]) -> bytes:
        return build({**_ME, "Timestamp": moment_text(self._clock.now()), **status})
