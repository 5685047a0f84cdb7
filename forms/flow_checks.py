"""Checks of a tool's flows: every type, state, field, action, role and rule they name is there."""

from __future__ import annotations

import re

from forms.batches import GIVEN
from forms.definition import Action, Catalog, RecordType, Tool
from forms.definition_source import Place, Source
from forms.expressions import Expression, ExpressionError
from forms.field_checks import repeated, unknown
from forms.flow_book import possible_targets
from forms.flow_definition import ITSELF, Flow
from forms.rule_checks import RuleScope, check_rule, is_found_by, unknown_field

_CHANGING = {"today", "now", "records", "delegated"}
"""What a flow's conditions must not ask: they are judged when a record is written, and stand until it is written again."""
_OF_THE_OFFICER = {"officer", "ward"}
_GIVEN = re.compile(rf"\b{GIVEN}\.(\w+)")


def check_flows(source: Source, tool: Tool, catalog: Catalog) -> None:
    repeated(source, ("flows",), [flow.id for flow in tool.flows])
    for number, flow in enumerate(tool.flows):
        if flow.id and flow.from_:  # else its missing keys have been told
            _FlowCheck(source, ("flows", number), flow, tool, catalog).run()


class _FlowCheck:
    def __init__(self, source: Source, place: Place, flow: Flow, tool: Tool, catalog: Catalog) -> None:
        self.source, self.place, self.flow, self.tool, self.catalog = source, place, flow, tool, catalog

    def run(self) -> None:
        flow, known = self.flow, [record.id for record in self.tool.records]
        if not known:
            return  # that the tool has no record type has been told
        if flow.mode == "batch":
            self._batch()
            return
        for key in ("asks", "once", "guard"):
            if getattr(flow, key):
                self._tell((key,), f"“{key}” cần “mode: batch”", f"“{key}” needs “mode: batch”", "mode: batch")
        if flow.from_ not in known:
            unknown(
                self.source,
                (*self.place, "from"),
                "loại hồ sơ của công cụ này",
                "record type of this tool",
                flow.from_,
                known,
            )
            return
        begun = self.catalog.record_type(flow.from_)
        if not begun.fields:
            return  # it could not be read: its mistakes are told where they are
        self._states(begun)
        scope = RuleScope(self.catalog, begun)
        self._condition("where", flow.where, scope)
        self._condition("to_field", flow.to_field, scope)
        for name, text in flow.sets.items():
            check_rule(self.source, (*self.place, "sets", name), text, scope)
        self._roles()
        if flow.finds is not None:
            self._finds(begun)
        elif flow.link is None:
            self._tell((), "thiếu khóa “link” hoặc “finds”", "either “link” or “finds” is needed", "link: … | finds: …")
        for target in self._targets():
            if target.fields:
                self._target(target)

    def _batch(self) -> None:
        """Stands in the tool whose records it makes; its conditions are judged when it is run, so they may ask anything."""
        flow, own = self.flow, [record.id for record in self.tool.records]
        if flow.to is None or flow.to not in own:
            unknown(
                self.source,
                (*self.place, "to"),
                "loại hồ sơ của công cụ này",
                "record type of this tool",
                flow.to or "",
                own,
            )
            return
        if not self.catalog.knows(flow.from_):
            known = sorted(record.id for record in self.catalog.record_types)
            unknown(self.source, (*self.place, "from"), "loại hồ sơ", "record type", flow.from_, known)
            return
        for key in ("finds", "action", "to_field"):
            if getattr(flow, key) is not None:
                self._tell((key,), f"“{key}” không đi cùng “mode: batch”", f"“{key}” does not go with “mode: batch”")
        begun, target = self.catalog.record_type(flow.from_), self.catalog.record_type(flow.to)
        if not begun.fields or not target.fields:
            return  # one could not be read: its mistakes are told where they are
        self._states(begun)
        self._roles()
        if flow.link is None:
            self._tell((), "thiếu khóa “link”", "key “link” is missing", "link: …")
        self._target(target)
        self._asked(target)
        scope = RuleScope(self.catalog, begun, extra=(GIVEN,))
        rules: list[tuple[Place, str]] = [(("where",), flow.where)] if flow.where else []
        rules += [(("guard", number, "rule"), message.rule) for number, message in enumerate(flow.guard)]
        for where, text in [*rules, *((("sets", name), text) for name, text in flow.sets.items())]:
            check_rule(self.source, (*self.place, *where), text, scope)
            for name in _GIVEN.findall(text):
                if name not in flow.asks:
                    unknown(
                        self.source, (*self.place, *where), "câu hỏi (asks)", "answer (asks)", name, list(flow.asks)
                    )

    def _asked(self, target: RecordType) -> None:
        """What is asked and what tells records apart are plain fields of the target; one of these is found quickly, else
        every run would read the whole register once for each record."""
        flow = self.flow
        if not flow.once:
            self._tell((), "thiếu khóa “once”", "key “once” is missing", "once: [ … ]")
        for key, names in (("asks", flow.asks), ("once", flow.once)):
            for number, name in enumerate(names):
                field = target.field_map.get(name)
                place: Place = (*self.place, key, number)
                if field is None:
                    unknown_field(self.source, place, f"{target.id}.{name}", list(target.field_map))
                elif field.type in ("group", "files"):
                    self._tell((key, number), "không hỏi được một nhóm hay tệp", "it cannot be a group or files")
                elif key == "asks" and field.owner != "officer":
                    self._tell((key, number), "trường này chỉ máy ghi", "only the program writes this field")
        if flow.once and not any(is_found_by(target, name) for name in flow.once):
            vi = "không tìm nhanh được bản đã lập: cần một tham chiếu trong “once”"
            self._tell(("once",), vi, "records made before are not found quickly: “once” needs a reference", "ref")

    def _tell(self, where: Place, vi: str, en: str, expected: str = "") -> None:
        self.source.mistake((*self.place, *where), vi, en, expected)

    def _states(self, begun: RecordType) -> None:
        states = [state.id for state in begun.states]
        if not self.flow.states:
            self._tell(("states",), "chưa có trạng thái nào", "there are no states", "states: [ … ]")
        for number, state in enumerate(self.flow.states):
            if state not in states:
                unknown(self.source, (*self.place, "states", number), "trạng thái", "state", state, states)

    def _condition(self, key: str, text: str | None, scope: RuleScope) -> None:
        if text is None:
            return
        place: Place = (*self.place, key)
        check_rule(self.source, place, text, scope)
        try:
            expression = Expression(text)
        except ExpressionError:
            return
        for name in sorted((expression.functions & _CHANGING) | (expression.reads & _OF_THE_OFFICER)):
            vi = f"“{name}” không dùng được ở đây: điều kiện chỉ xét lại khi hồ sơ được ghi"
            en = f"“{name}” cannot stand here: the condition is judged only when the record is written"
            self.source.mistake(place, vi, en)

    def _roles(self) -> None:
        roles = sorted(role.id for role in self.catalog.roles)
        for number, role in enumerate(self.flow.roles):
            if role not in roles:
                unknown(self.source, (*self.place, "roles", number), "vai trò", "role", role, roles)

    def _targets(self) -> list[RecordType]:
        flow = self.flow
        if (flow.to is None) == (flow.to_field is None):
            self._tell(
                (), "cần đúng một trong “to” và “to_field”", "exactly one of “to” and “to_field”", "to: tool.record"
            )
            return []
        if flow.to is not None and not self.catalog.knows(flow.to):
            known = sorted(record.id for record in self.catalog.record_types)
            unknown(self.source, (*self.place, "to"), "loại hồ sơ", "record type", flow.to, known)
            return []
        if flow.to is None and flow.finds is not None:
            self._tell(("to_field",), "“finds” cần “to”", "“finds” needs “to”", "to: tool.record")
            return []
        return list(possible_targets(flow, self.catalog))

    def _finds(self, begun: RecordType) -> None:
        field = begun.field_map.get(self.flow.finds or "")
        if self.flow.finds == ITSELF:
            if self.flow.to != begun.id:
                self._tell(
                    ("to",), "“finds: id” là chính hồ sơ này", "“finds: id” is this record itself", f"to: {begun.id}"
                )
            if self.flow.mode == "auto":
                vi, en = "“finds: id” không đi cùng “mode: auto”", "“finds: id” does not go with “mode: auto”"
                self._tell(("mode",), vi, en)
        elif field is None:
            unknown_field(self.source, (*self.place, "finds"), self.flow.finds or "", list(begun.field_map))
        elif field.type not in ("ref", "person", "household", "organisation"):
            self._tell(("finds",), "phải là một trường tham chiếu", "it must be a reference", "ref")
        if self.flow.action is None:
            self._tell((), "thiếu khóa “action”", "key “action” is missing", "action: …")

    def _target(self, target: RecordType) -> None:
        flow = self.flow
        if flow.to is not None:  # of several types each takes the fields it has
            for name in flow.sets:
                if name not in target.field_map:
                    unknown_field(
                        self.source, (*self.place, "sets", name), f"{target.id}.{name}", list(target.field_map)
                    )
        if flow.link is not None and flow.to is not None:
            self._link(target, flow.link)
        if flow.action is not None:
            self._action(target, flow.action)

    def _link(self, target: RecordType, link: str) -> None:
        field = target.field_map.get(link)
        if field is None:
            unknown_field(self.source, (*self.place, "link"), f"{target.id}.{link}", list(target.field_map))
        elif field.type not in ("ref", "refs", "person", "household", "organisation"):
            self._tell(("link",), "phải là một trường tham chiếu", "it must be a reference", "ref")
        elif field.targets and self.flow.from_ not in field.targets:
            vi = f"{target.id}.{link} không trỏ được về {self.flow.from_}"
            self._tell(
                ("link",), vi, f"{target.id}.{link} cannot point at {self.flow.from_}", f"targets: [{self.flow.from_}]"
            )

    def _action(self, target: RecordType, name: str) -> None:
        action = next((each for each in target.actions if each.id == name), None)
        if action is None:
            known = [each.id for each in target.actions]
            unknown(self.source, (*self.place, "action"), "thao tác", "action", name, known)
        elif self.flow.finds:
            self._told_by_link(target, keeps_state=action.to == "=")
            self._may_be_written(target, action)

    def _may_be_written(self, target: RecordType, action: Action) -> None:
        """What the flow writes into the record it acts on is written before the action moves it, as by somebody at its form; what
        the action asks for goes in with it."""
        for name in self.flow.sets:
            locked = [
                state.id
                for state in target.states
                if state.id in action.from_ and state.locked and name not in (*state.allows, *action.asks)
            ]
            if name in target.field_map and locked:
                vi = f"{target.id}.{name} khóa ở “{locked[0]}”: thêm vào allows của trạng thái ấy, hoặc asks của thao tác"
                en = f"{target.id}.{name} is locked at “{locked[0]}”: name it in that state's allows, or in the action's asks"
                self._tell(("sets", name), vi, en)

    def _told_by_link(self, target: RecordType, *, keeps_state: bool) -> None:
        """Whether an action that leaves the state as it is was taken cannot be told by the state: the record acted on then
        has to name the records it was taken for. There may be several, so a single reference would forget the earlier."""
        field = target.field_map.get(self.flow.link or "")
        if not keeps_state and self.flow.link is not None:
            vi = "“link” chỉ đi cùng “finds” khi bước không đổi trạng thái"
            self._tell(("link",), vi, "“link” goes with “finds” only where the action leaves the state as it is")
        elif keeps_state and self.flow.link is None:
            vi = "bước này không đổi trạng thái: cần “link”, trường của hồ sơ đích ghi các hồ sơ đã làm bước này"
            en = "this action leaves the state as it is: “link” is needed, the target's field that names what it was taken for"
            self._tell((), vi, en, "link: <refs>")
        elif keeps_state and field is not None and field.type != "refs":
            vi = "phải là danh sách tham chiếu (refs): mỗi lần làm bước này thêm một hồ sơ"
            self._tell(("link",), vi, "it must be a list of references (refs): one is added each time", "refs")
