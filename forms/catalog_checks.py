"""Checks over a whole catalogue and over a tool, beyond the form of single files."""

from __future__ import annotations

from forms import book_notes
from forms.calendar_checks import check_hours, check_workdays
from forms.catalog_reader import ReadCatalog, ReadTool
from forms.definition import Catalog
from forms.definition_source import Place
from forms.field_checks import repeated, unknown
from forms.flow_checks import check_flows
from forms.record_checks import RecordCheck
from forms.report_checks import check_register, check_reports
from forms.rule_checks import check_found_by, unknown_field


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
    _check_delegations(read)
    _check_book_notes(read)
    check_register(source, catalog)
    if read.workdays is not None:
        check_workdays(read.workdays, catalog.workdays)
    if read.hours is not None:
        check_hours(read.hours, catalog.office_hours)
    for name, choice_source in read.choices.items():
        repeated(choice_source, ("choices",), [choice.code for choice in catalog.choices[name]])


def _check_delegations(read: ReadCatalog) -> None:
    source, catalog, register = read.source, read.catalog, read.catalog.delegations
    if register is None:
        return
    place: Place = ("delegations",)
    before = len(source.problems)
    check_found_by(source, (*place, "record"), register.record, register.officer, catalog)
    if len(source.problems) > before:
        return
    record_type = catalog.record_type(register.record)
    for key, name in (("what", register.what), ("from", register.from_), ("to", register.to)):
        if record_type.fields and name not in record_type.field_map:
            unknown_field(source, (*place, key), name, list(record_type.field_map))
    states = [state.id for state in record_type.states]
    for number, state in enumerate(register.states):
        if state not in states:
            unknown(source, (*place, "states", number), "trạng thái", "state", state, states)


def _check_book_notes(read: ReadCatalog) -> None:
    source, catalog, place = read.source, read.catalog, ("book_notes",)
    if catalog.book_notes is None:
        return
    if not catalog.knows(catalog.book_notes):
        unknown(source, place, "loại hồ sơ", "record type", catalog.book_notes, [t.id for t in catalog.record_types])
        return
    known = catalog.record_type(catalog.book_notes).field_map
    for name in book_notes.FIELDS:
        if known and name not in known:
            unknown_field(source, place, name, list(known))


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
    if read.reports is not None:
        check_reports(read.reports, tool, catalog)
    if read.flows is not None:
        check_flows(read.flows, tool, catalog)
    for record_type, record_source in read.records:
        if isinstance(record_source.data, dict):
            RecordCheck(record_source, record_type, catalog, read.folder).run()
