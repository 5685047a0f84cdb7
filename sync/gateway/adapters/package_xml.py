"""Document packages as XML: elements to bytes, bytes to elements, both checked by resources/data/document_package.xsd.

What comes from outside is parsed without entities, without the network and within a bound of size and depth.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from lxml import etree
from msgspec import Struct

from resources import data_file

NAMESPACE = "urn:so-phuong:document-package:1"
_HEADER = "edXMLEnvelope/edXMLHeader/MessageHeader"
_TRACE = "edXMLEnvelope/edXMLHeader/TraceHeaderList"
_BUSINESS = f"{_TRACE}/Bussiness"
# in the order of the schema; an element stands in a document, or in a status
_DOCUMENT = {
    f"{_HEADER}/From/OrganId": "FromId",
    f"{_HEADER}/From/OrganName": "FromName",
    f"{_HEADER}/From/OrganAdd": "FromAddress",
    f"{_HEADER}/From/Email": "FromEmail",
    f"{_HEADER}/From/Telephone": "FromTelephone",
    f"{_HEADER}/To": "To",
    f"{_HEADER}/DocumentId": "DocumentId",
    f"{_HEADER}/Code/CodeNumber": "CodeNumber",
    f"{_HEADER}/Code/CodeNotation": "CodeNotation",
    f"{_HEADER}/PromulgationInfo/Place": "Place",
    f"{_HEADER}/PromulgationInfo/PromulgationDate": "PromulgationDate",
    f"{_HEADER}/DocumentType": "DocumentType",
    f"{_HEADER}/Subject": "Subject",
    f"{_HEADER}/Content": "Content",
    f"{_HEADER}/SignerInfo/Competence": "SignerCompetence",
    f"{_HEADER}/SignerInfo/Position": "SignerPosition",
    f"{_HEADER}/SignerInfo/FullName": "SignerName",
    f"{_HEADER}/DueDate": "DueDate",
    f"{_HEADER}/ToPlaces/Place": "ToPlaces",
    f"{_HEADER}/OtherInfo/Priority": "Priority",
    f"{_HEADER}/OtherInfo/SphereOfPromulgation": "SphereOfPromulgation",
    f"{_HEADER}/OtherInfo/TyperNotation": "TyperNotation",
    f"{_HEADER}/OtherInfo/PromulgationAmount": "PromulgationAmount",
    f"{_HEADER}/OtherInfo/PageAmount": "PageAmount",
    f"{_TRACE}/TraceHeader/OrganId": "FromId",
    f"{_TRACE}/TraceHeader/Timestamp": "Timestamp",
    f"{_BUSINESS}/BussinessDocType": "MessageType",
    f"{_BUSINESS}/BussinessDocReason": "Reason",
    f"{_BUSINESS}/DocumentReplaced/Code": "ReplacesNumber",
    f"{_BUSINESS}/DocumentReplaced/PromulgationDate": "ReplacesDate",
    "AttachmentEncoded/Attachment": "Attachments",
}
_STATUS = {
    "From/OrganId": "FromId",
    "From/OrganName": "FromName",
    "To": "To",
    "ResponseFor/OrganId": "ResponseForOrgan",
    "ResponseFor/Code": "ResponseForNumber",
    "ResponseFor/PromulgationDate": "ResponseForDate",
    "ResponseFor/DocumentId": "ResponseForId",
    "StatusCode": "StatusCode",
    "Description": "Description",
    "StaffInfo/Staff": "StaffName",
    "Problem": "Problems",
    "Timestamp": "Timestamp",
}
_ALWAYS = frozenset(
    {f"{_HEADER}/{part}" for part in ("From", "Code", "PromulgationInfo", "SignerInfo", "OtherInfo")}
    | {_BUSINESS, "From"}
)
_ROW = ("OrganId", "OrganName", "OrganAdd", "Email", "Telephone", "Element", "Value", "Description")
_EXPECTED = re.compile(r"Expected is (?:one of )?\( ([^)]*) \)")
_NUMBERS = frozenset({"CodeNumber", "Priority", "PromulgationAmount", "PageAmount"})
_ROOTS = {"edXML": _DOCUMENT, "edXMLStatus": _STATUS}
_LARGEST = 96 * 1024 * 1024
Content = Callable[[str], bytes | None]


class PackageError(Exception):
    """The bytes are no package. ``str()`` names the first thing that is wrong (for the other side's staff)."""


class Flaw(Struct, frozen=True):
    """What the schema refuses: the element as ``forms.document_messages`` names it ("" where it is none), its value, and
    the checker's own words."""

    element: str
    value: str
    words: str


def build(elements: Mapping[str, Any], content: Content = lambda _: None) -> bytes:
    """The XML of a document, or of a status where there is a ``StatusCode``. ``content``: SHA-256 → an attached file; one
    that is not there is left out, which the schema then tells."""
    is_status = "StatusCode" in elements
    root = etree.Element(_tag("edXMLStatus" if is_status else "edXML"), nsmap={None: NAMESPACE})
    for path, name in (_STATUS if is_status else _DOCUMENT).items():
        value = elements.get(name)
        if name == "Attachments":
            _put_files(root, path, value or [], content)
        elif name in ("To", "Problems"):
            for row in value or []:
                _put_row(_made(root, path), row)
        elif isinstance(value, list | tuple):
            for text in value:
                _made(root, path).text = _clean(text)
        elif value is not None:
            _made(root, path).text = _clean(value)
        elif (parent := path.rpartition("/")[0]) in _ALWAYS:  # so that what is missing in it is told by its own name
            _found_or_made(root, parent)
    whole: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return whole


def flaws(package: bytes) -> list[Flaw]:
    """What the schema finds in a package; empty: it may travel. Raises PackageError where it is no XML."""
    return _flaws(_parsed(package))


def read(package: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The elements of a package and the files in it by SHA-256, ``Attachments`` being entries of a record's files. Raises
    PackageError for whatever the schema does not allow, and for a file that is not what it says."""
    root = _parsed(package)
    if found := _flaws(root):
        raise PackageError(f"{found[0].element or 'package'}: {found[0].words}")
    elements: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    for path, name in _ROOTS[etree.QName(root).localname].items():
        nodes = root.findall("/".join(map(_tag, path.split("/"))))
        if name == "Attachments":
            elements[name] = [_file(node, files) for node in nodes]
        elif name in ("To", "Problems"):
            elements[name] = [{etree.QName(child).localname: _text(child) for child in node} for node in nodes]
        elif name == "ToPlaces":
            elements[name] = [_text(node) for node in nodes]
        elif nodes:
            text = _text(nodes[0])
            elements[name] = int(text) if name in _NUMBERS else text
    return {name: value for name, value in elements.items() if value not in ("", [])}, files


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(data_file("data", "document_package.xsd"))))


def _parsed(package: bytes) -> Any:
    if len(package) > _LARGEST:
        raise PackageError("too large")
    if b"<!DOCTYPE" in package:  # before the parser sees it: entities in attributes are blown up while parsing
        raise PackageError("a DOCTYPE is not taken")
    parser = etree.XMLParser(
        encoding="utf-8",  # in another encoding the word above would look otherwise
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        huge_tree=True,  # an attached file is one text
    )
    try:
        root = etree.fromstring(package, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise PackageError(f"no XML: {error}") from error
    if root.getroottree().docinfo.doctype:
        raise PackageError("a DOCTYPE is not taken")
    return root


def _flaws(root: Any) -> list[Flaw]:
    schema = _schema()
    if schema.validate(root):
        return []
    paths = _ROOTS.get(etree.QName(root).localname, {})
    return list(_named(schema.error_log, root, paths))


def _named(log: Any, root: Any, paths: Mapping[str, str]) -> Iterator[Flaw]:
    """Each mistake once: libxml2 tells of a wrong value twice, of its pattern and of its type."""
    told: set[str] = set()
    for entry in log:
        node = _node_at(root, entry.path)
        words = entry.message.replace(f"{{{NAMESPACE}}}", "")[:300]
        missing = _EXPECTED.search(words)
        if missing is not None:
            place = _place(node.getparent() if "not expected" in words and node is not root else node)
            name = _missing(place, missing[1], paths)
        else:
            place = _place(node)
            name = paths.get(place) or next((n for p, n in paths.items() if place.startswith(p + "/")), "")
        if name not in told:
            told.add(name)
            value = _text(node) if missing is None and len(node) == 0 else ""
            yield Flaw(name, value[:200], words)


def _place(node: Any) -> str:
    names = [etree.QName(each).localname for each in (*reversed(list(node.iterancestors())), node)]
    return "/".join(names[1:])


def _missing(place: str, expected: str, paths: Mapping[str, str]) -> str:
    """The element that should have stood here; of several the last, which those before it may be left out for."""
    for word in reversed(expected.replace(",", " ").split()):
        path = f"{place}/{word}".lstrip("/")
        found = [name for known, name in paths.items() if known == path or known.startswith(path + "/")]
        within = next((name for known, name in paths.items() if path.startswith(known + "/")), "")
        if found or within:
            return found[-1] if found else within
    return ""


def _node_at(root: Any, path: str) -> Any:
    found = root.getroottree().xpath(path) if path else []
    return found[0] if found else root


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _made(root: Any, path: str) -> Any:
    """A new element at the path."""
    parent, _, last = path.rpartition("/")
    return etree.SubElement(_found_or_made(root, parent), _tag(last))


def _found_or_made(root: Any, path: str) -> Any:
    node = root
    for name in filter(None, path.split("/")):
        found = node.find(_tag(name))
        node = etree.SubElement(node, _tag(name)) if found is None else found
    return node


def _put_row(node: Any, row: Mapping[str, Any]) -> None:
    for name in _ROW:  # rules make maps, which keep no order
        if row.get(name) not in (None, ""):
            etree.SubElement(node, _tag(name)).text = _clean(row[name])


def _put_files(root: Any, path: str, files: list[Mapping[str, Any]], content: Content) -> None:
    for file in files:
        node = _made(root, path)
        sha256 = str(file.get("sha256", ""))
        etree.SubElement(node, _tag("ContentId")).text = _clean(sha256)
        etree.SubElement(node, _tag("AttachmentName")).text = _clean(file.get("name", ""))
        etree.SubElement(node, _tag("ContentType")).text = _clean(file.get("media_type") or "application/octet-stream")
        if (held := content(sha256)) is not None:
            etree.SubElement(node, _tag("Content")).text = base64.b64encode(held).decode()


def _file(node: Any, files: dict[str, bytes]) -> dict[str, Any]:
    named = {etree.QName(child).localname: _text(child) for child in node}
    content = base64.b64decode(named["Content"])
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != named["ContentId"]:
        raise PackageError(f"Attachments: {named['AttachmentName'][:100]} is not what its ContentId says")
    files[sha256] = content
    entry = {"sha256": sha256, "name": named["AttachmentName"], "size": len(content)}
    return {**entry, "media_type": named["ContentType"]}


def _text(node: Any) -> str:
    return (node.text or "").strip()


def _clean(value: Any) -> str:
    """Without the control characters that XML cannot hold."""
    text = str(value)
    return "".join(
        c for c in text if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )
