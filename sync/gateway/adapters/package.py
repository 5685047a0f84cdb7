"""The document exchange: packages out, statuses and packages in. Nothing leaves and nothing is taken in that the schema
refuses; what it refuses of ours goes back to the officer, at the field it was made of."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

import msgspec

from forms.definition import RecordType
from forms.document_messages import values_of_message
from forms.exchange import Line
from forms.renames import FirstNames
from forms.wards import CITY
from sync.clock import moment_text
from sync.gateway.adapters.address import Address
from sync.gateway.adapters.base import Arrival, ArrivalReport, Tools
from sync.gateway.adapters.http_post import HttpPost, Reply
from sync.gateway.adapters.package_xml import Flaw, PackageError, build, flaws, read
from sync.gateway.parcel import Parcel, Pending, ServiceAnswer, UnreachableError
from sync.gateway.wards import ward_of_organisation
from sync.protocol import FieldProblem

XML = {"Content-Type": "application/xml; charset=utf-8"}
_ARRIVED, _REFUSED = "01", "02"
log = logging.getLogger(__name__)


class PackageExchange:
    """``POST`` a package: the answer is a status (01: taken, 02: refused, 03 and on: accepted, with the number it has
    there), asked for again at ``/status/KEY``. ``GET /inbox``: names of packages for us; each is answered with a status."""

    has_inbox = True

    def __init__(self, service: str, address: Address, tools: Tools) -> None:
        self._service = service
        self._tools = tools
        self._line = HttpPost(service, address, tools.clock, tools.patience)

    def carry(self, parcel: Parcel) -> ServiceAnswer:
        if parcel.is_taken:
            reply = self._line.send("GET", below=f"/status/{quote(parcel.key, safe='')}")
            if reply.status != 404:  # where the exchange lost it, it is sent again
                return self._understood(parcel, reply)
        if not parcel.elements:
            message = f"Sổ {parcel.record.type} chưa khai báo gói tin (messages) để gửi {self._service}."
            raise UnreachableError(message, down=False, fault=True)
        package = self._package(parcel)
        if found := flaws(package):
            return ServiceAnswer(
                status="refused",
                message="Gói văn bản chưa đúng quy cách nên chưa gửi đi.",
                problems=tuple(self._problem(parcel, flaw) for flaw in found),
            )
        return self._understood(parcel, self._line.send("POST", package, {**XML, "Idempotency-Key": parcel.key}))

    def _package(self, parcel: Parcel) -> bytes:
        ward, scope = parcel.stream
        moment = {"Timestamp": moment_text(self._tools.clock.now())}
        return build({**parcel.elements, **moment}, lambda sha256: self._tools.content(ward, scope, sha256))

    def _problem(self, parcel: Parcel, flaw: Flaw) -> FieldProblem:
        field = _place(parcel, flaw.element, flaw.value)
        if not flaw.value:
            vi = f"Gói văn bản thiếu hoặc sai phần {flaw.element or 'không rõ'}."
            return FieldProblem(field, vi, None, f"The package lacks {flaw.element or 'something'}: {flaw.words}")
        vi = f"Gói văn bản không nhận “{flaw.value}” ở phần {flaw.element}."
        return FieldProblem(field, vi, flaw.value, f"The package does not take “{flaw.value}” as {flaw.element}.")

    def _understood(self, parcel: Parcel, reply: Reply) -> ServiceAnswer:
        try:
            status, _ = read(reply.content)
        except PackageError as error:
            message = f"{self._service} trả lời không đọc được ({reply.status}); sẽ gửi lại."
            raise UnreachableError(message, down=False, fault=True) from error
        code, words = status.get("StatusCode"), status.get("Description", "")
        if code == _ARRIVED:
            raise Pending(words or f"{self._service} đã nhận gói, đang xử lý.")
        if code != _REFUSED:
            return ServiceAnswer(status="accepted", number=status.get("ResponseForId"), message=words)
        problems = tuple(self._refused(parcel, row) for row in status.get("Problems", []))
        return ServiceAnswer(status="refused", message=words, problems=problems)

    @staticmethod
    def _refused(parcel: Parcel, row: dict[str, str]) -> FieldProblem:
        field = _place(parcel, row.get("Element", ""), row.get("Value", ""))
        return FieldProblem(field, row.get("Description", ""), row.get("Value"))

    def settled(self, parcel: Parcel) -> None:
        """Nothing is kept here."""

    # what comes

    def arrivals(self) -> Iterator[Arrival]:
        reply = self._line.send("GET", below="/inbox")
        try:
            names = msgspec.json.decode(reply.content, type=list[str]) if reply.status == 200 else []
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise UnreachableError(f"Hộp thư của {self._service} không đọc được.", down=False) from error
        for name in names:
            try:
                yield from self._arrivals_of(name)
            except UnreachableError as error:  # of one package, which holds up no other
                if error.down:
                    raise
                log.warning("package %s of %s: %s", name, self._service, error)

    def _arrivals_of(self, name: str) -> Iterator[Arrival]:
        """One for each ward the package is for; with the last of them the exchange gets the status."""
        reply = self._line.send("GET", below=f"/inbox/{quote(name, safe='')}")
        try:
            elements, files = read(reply.content)
        except PackageError as error:
            self._tell(name, {}, f"Gói không đúng quy cách / not a valid package: {error}")
            return
        record_type = self._type_for_packages()
        codes = [str(row.get("OrganId", "")) for row in elements.get("To", [])]
        wards = list(dict.fromkeys(ward for code in codes if (ward := ward_of_organisation(code))))
        if record_type is None or not wards or "StatusCode" in elements:
            self._tell(name, elements, "Không có nơi nhận ở đây / nobody here is to get it.")
            return
        line = self._line_of(record_type, elements)
        reports: list[ArrivalReport] = []
        for ward in wards:
            answer = partial(self._report, name, elements, reports, len(wards))
            yield Arrival(name, ward, record_type.id, (line,), answer, files)

    def _type_for_packages(self) -> RecordType | None:
        """The register of this service that says what it makes of a package."""
        catalog = self._tools.catalog()
        for record_type in catalog.record_types:
            mine = catalog.tool_of(record_type.id).service == self._service
            if mine and record_type.messages is not None and record_type.messages.in_:
                return record_type
        return None

    def _line_of(self, record_type: RecordType, elements: dict[str, Any]) -> Line:
        values = values_of_message(record_type, elements, self._tools.clock.now)
        return Line(number=1, values=dict(FirstNames(self._tools.catalog()).of(record_type.id, values)))

    def _report(
        self, name: str, elements: dict[str, Any], reports: list[ArrivalReport], all_of: int, report: ArrivalReport
    ) -> None:
        reports.append(report)
        if len(reports) == all_of:
            refused = [f"{field}: {message}" for one in reports for _, field, message in one.refused]
            self._tell(name, elements, "; ".join(refused))

    def _tell(self, name: str, elements: dict[str, Any], refusal: str) -> None:
        """The status of what came: arrived, or refused and why."""
        named: list[dict[str, str]] = elements.get("To", [])
        receiver: dict[str, str] = next((row for row in named if ward_of_organisation(row.get("OrganId", ""))), {})
        code = receiver.get("OrganId", "") or CITY
        told: dict[str, Any] = {
            "FromId": code,
            "FromName": receiver.get("OrganName", "") or code,
            "ResponseForId": elements.get("DocumentId", name),
            "ResponseForOrgan": elements.get("FromId"),
            "StatusCode": _REFUSED if refusal else _ARRIVED,
            "Description": refusal[:2000] or None,
            "Timestamp": moment_text(self._tools.clock.now()),
        }
        if "FromId" in elements:
            told["To"] = [{"OrganId": elements["FromId"], "OrganName": elements.get("FromName", elements["FromId"])}]
        self._line.send("POST", build(told), XML, below=f"/inbox/{quote(name, safe='')}")

    def close(self) -> None:
        self._line.close()


def _place(parcel: Parcel, element: str, value: str) -> str:
    """The field an element was made of; in a group the column that holds the value."""
    field = parcel.sources.get(element, "")
    rows = parcel.fields.get(field)
    for row in rows if isinstance(rows, list) and value else ():
        for column, known in row.items() if isinstance(row, dict) and "_id" in row else ():
            if column != "_id" and str(known) == value:
                return f"{field}/{row['_id']}/{column}"
    return field
