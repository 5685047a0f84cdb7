"""Checks over a whole catalogue and over a tool, beyond the form of single files."""

from __future__ import annotations

from forms.catalog_reader import ReadCatalog, ReadTool
from forms.definition import Catalog
from forms.field_checks import repeated, unknown
from forms.record_checks import RecordCheck


def check_catalog(read: ReadCatalog) -> None:
    """Shared lists and names; tools are checked one by one (``check_tool``)."""
    source, catalog = read.source, read.catalog
    for key in ("roles", "scopes", "services"):
        repeated(source, (key,), [entry.id for entry in getattr(catalog, key)])
    scopes = [scope.id for scope in catalog.scopes]
    for number, role in enumerate(catalog.roles):
        for position, scope in enumerate(role.scopes):
            if scope not in scopes:
                unknown(source, ("roles", number, "scopes", position), "luồng", "scope", scope, scopes)
    for name, choice_source in read.choices.items():
        repeated(choice_source, ("choices",), [choice.code for choice in catalog.choices[name]])


def check_tool(read: ReadTool, catalog: Catalog) -> None:
    """A tool's own keys and each of its record types, in the surroundings of ``catalog``."""
    source, tool = read.source, read.tool
    if tool.group and tool.group not in catalog.groups:
        unknown(source, ("group",), "nhóm công cụ", "rail group", tool.group, list(catalog.groups))
    services = sorted(service.id for service in catalog.services)
    if tool.service is not None and tool.service not in services:
        unknown(source, ("service",), "dịch vụ", "service", tool.service, services)
    names = [record.id for record, _ in read.records]
    repeated(source, ("records",), names)
    repeated(source, ("reports",), [report.id for report in tool.reports])
    for record_type, record_source in read.records:
        if isinstance(record_source.data, dict):
            RecordCheck(record_source, record_type, catalog, read.folder).run()
