"""Checks of a record type: states and the ways between them, actions, register, lists, printouts."""

from __future__ import annotations

import re
from pathlib import Path

from forms.dead_checks import check_dead
from forms.definition import Action, Catalog, RecordType, State
from forms.definition_source import Place, Source
from forms.document_messages import check_messages
from forms.expressions import ExpressionError
from forms.field_checks import check_fields, repeated, unknown
from forms.field_definition import Field, Message
from forms.plan import make_plan
from forms.rule_checks import RuleScope, check_rule, target_types, unknown_field

LIST_COLUMNS = frozenset({"_number", "_state", "_title", "_due", "_updated"})
_NUMBER_PARTS = frozenset({"n", "yyyy", "yy", "mm", "dd", "org", "ward", "device", "book"})
_PART = re.compile(r"\{(\w*)(?::[^{}]*)?\}")


class RecordCheck:
    """Checks one record type against its catalogue; mistakes go to ``source``."""

    def __init__(self, source: Source, record_type: RecordType, catalog: Catalog, folder: Path) -> None:
        self.source = source
        self.type = record_type
        self.catalog = catalog
        self.folder = folder
        self.states = [state.id for state in record_type.states]
        self.fields = list(record_type.field_map)
        self.roles = sorted(role.id for role in catalog.roles)
        self.services = sorted(service.id for service in catalog.services)
        self.scope = RuleScope(catalog, record_type)

    def run(self) -> None:
        before = len(self.source.problems)
        check_fields(self.source, self.type, self.catalog)
        self._texts()
        self._states()
        for number, action in enumerate(self.type.actions):
            self._action(("actions", number), action)
        self._register()
        self._deadline()
        self._list()
        self._printouts()
        self._links()
        if len(self.source.problems) == before:
            self._cycles()
            check_dead(self.source, self.type, self.catalog)

    def _field(self, place: Place, name: str) -> None:
        if name not in self.type.field_map:
            unknown_field(self.source, place, name, self.fields)

    def _state(self, place: Place, name: str) -> None:
        if name not in self.states:
            unknown(self.source, place, "trạng thái", "state", name, self.states)

    def _role(self, place: Place, name: str) -> None:
        if name not in self.roles:
            unknown(self.source, place, "vai trò", "role", name, self.roles)

    def _service(self, place: Place, name: str) -> None:
        if name not in self.services:
            unknown(self.source, place, "dịch vụ", "service", name, self.services)

    def _rule(self, place: Place, text: str) -> None:
        if text:
            check_rule(self.source, place, text, self.scope)

    def _messages(self, place: Place, messages: tuple[Message, ...]) -> None:
        for number, message in enumerate(messages):
            self._rule((*place, number, "rule"), message.rule)

    def _texts(self) -> None:
        self._rule(("title",), self.type.title)
        self._rule(("subtitle",), self.type.subtitle or "")
        self._messages(("rules",), self.type.rules)
        scopes = sorted(scope.id for scope in self.catalog.scopes)
        if self.type.scope not in scopes:
            unknown(self.source, ("scope",), "luồng", "scope", self.type.scope, scopes)

    def _states(self) -> None:
        source, states, actions = self.source, self.type.states, self.type.actions
        repeated(source, ("states",), self.states)
        repeated(source, ("actions",), [action.id for action in actions])
        if "states" in (source.data or {}) and not states:
            source.mistake(("states",), "chưa có trạng thái nào", "there are no states")
        if "actions" in (source.data or {}) and not actions:
            vi, en = "loại hồ sơ chưa có bước chuyển nào", "the record type has no transitions of its own"
            source.mistake(("actions",), vi, en, "actions: [ … ]")
        for number, state in enumerate(states):
            for position, name in enumerate(state.allows):
                self._field(("states", number, "allows", position), name)
        for number, state in enumerate(states):
            if actions and state.id not in self._reachable():
                vi, en = f"không có đường vào trạng thái “{state.id}”", f"no action leads to state “{state.id}”"
                source.mistake(("states", number), vi, en, f"to: {state.id}")

    def _reachable(self) -> set[str]:
        reached = set(self.states[:1])
        while more := {a.to for a in self.type.actions if reached & set(a.from_)} - reached - {"="}:
            reached |= more
        return reached

    def _action(self, place: Place, action: Action) -> None:
        source = self.source
        for number, name in enumerate(action.from_):
            self._state((*place, "from", number), name)
        if not action.from_ and action.id:
            source.mistake((*place, "from"), "chưa nói từ trạng thái nào", "it starts from no state", "from: [ … ]")
        if action.to and action.to != "=":
            self._state((*place, "to"), action.to)
        for number, name in enumerate(action.roles):
            self._role((*place, "roles", number), name)
        for number, name in enumerate(action.asks):
            self._field((*place, "asks", number), name)
        for name, text in action.sets.items():
            self._field((*place, "sets", name), name)
            self._rule((*place, "sets", name), text)
        self._messages((*place, "guard"), action.guard)
        if action.not_by is not None:
            self._field((*place, "not_by"), action.not_by)
        printouts = [printout.id for printout in self.type.printouts]
        for number, name in enumerate(action.prints):
            if name not in printouts:
                unknown(source, (*place, "prints", number), "bản in", "printout", name, printouts)
        if action.takes_number and self.type.register is None:
            source.mistake(
                (*place, "takes_number"), "loại hồ sơ không có sổ", "the type has no register", "register: …"
            )
        self._freezes((*place, "freezes"), action)

    def _freezes(self, place: Place, action: Action) -> None:
        for name, wanted in action.freezes.items():
            self._field((*place, name), name)
            field = self.type.field_map.get(name)
            targets = target_types(self.catalog, field) if field else ()
            for number, inner in enumerate(wanted):
                if targets and not any(inner in target.field_map for target in targets):
                    unknown_field(self.source, (*place, name, number), inner, list(targets[0].field_map))

    def _register(self) -> None:
        register = self.type.register
        if register is None:
            return
        for key in ("field", "book_field", "temporary_field"):
            if name := getattr(register, key):
                self._field(("register", key), name)
        for key in ("format", "book_format", "temporary_format"):
            wrong = set(_PART.findall(getattr(register, key) or "")) - _NUMBER_PARTS
            if wrong or (getattr(register, key) or "").count("{") != len(_PART.findall(getattr(register, key) or "")):
                vi, en = "mẫu số có phần lạ", "the number's format has an unknown part"
                self.source.mistake(("register", key), vi, en, ", ".join(sorted(_NUMBER_PARTS)))
        if register.series_by is not None:
            self._series(register.series_by)
        if register.service is not None:
            self._service(("register", "service"), register.service)
        if register.kind == "service" and register.service is None:
            self.source.mistake(("register",), "thiếu khóa “service”", "key “service” is missing", "service: …")
        if register.kind != "service" and not any(action.takes_number for action in self.type.actions):
            vi, en = "không bước nào lấy số của sổ", "no action takes a number of the register"
            self.source.mistake(("register",), vi, en, "takes_number: true")

    def _series(self, name: str) -> None:
        """What a series is of must be known before a number is taken, and must not change afterwards."""
        place: Place = ("register", "series_by")
        before = len(self.source.problems)
        self._field(place, name)
        field = self.type.field_map.get(name)
        if len(self.source.problems) > before or field is None:
            return
        if field.type != "one_of":
            vi, en = "loạt số phải theo một mục chọn một", "a series is of a field that picks one"
            self.source.mistake(place, vi, en, "type: one_of")
            return
        taken = [state for action in self.type.actions if action.takes_number for state in self._after(action)]
        late = field.required_from is not None and not all(
            self.type.reached(state.id, field.required_from) for state in taken
        )
        if field.required is not True or late:
            vi, en = f"“{name}” phải bắt buộc trước khi lấy số", f"“{name}” must be required before a number is taken"
            self.source.mistake(place, vi, en, "required: true")
        if any(not self._locks(field, state) for state in taken):
            vi, en = f"“{name}” phải khóa từ khi có số", f"“{name}” must be locked once there is a number"
            self.source.mistake(place, vi, en, "locked_from: …")

    def _after(self, action: Action) -> list[State]:
        """The states an action leads to, those it starts from where it stays."""
        ids = action.from_ if action.to == "=" else (action.to,)
        return [state for state in self.type.states if state.id in ids and state.kind != "void"]

    def _locks(self, field: Field, state: State) -> bool:
        locked = state.locked and field.name not in state.allows
        return locked or (field.locked_from is not None and self.type.reached(state.id, field.locked_from))

    def _deadline(self) -> None:
        deadline = self.type.deadline
        if deadline is not None:
            self._field(("deadline", "start"), deadline.start)
            self._field(("deadline", "field"), deadline.field)
            if deadline.amount is not None:
                self._rule(("deadline", "amount"), deadline.amount)
            self._rule(("deadline", "unit"), deadline.unit)

    def _list(self) -> None:
        view = self.type.list_view
        for number, column in enumerate(view.columns):
            if column.field not in LIST_COLUMNS:
                self._field(("list", "columns", number), column.field)
        if (sort := view.sort.removeprefix("-")) not in LIST_COLUMNS:
            self._field(("list", "sort"), sort)
        repeated(self.source, ("list", "filters"), [entry.id for entry in view.filters])
        for number, entry in enumerate(view.filters):
            for position, name in enumerate(entry.states):
                self._state(("list", "filters", number, "states", position), name)

    def _printouts(self) -> None:
        repeated(self.source, ("printouts",), [printout.id for printout in self.type.printouts])
        for number, printout in enumerate(self.type.printouts):
            place: Place = ("printouts", number)
            for position, name in enumerate(printout.states):
                self._state((*place, "states", position), name)
            if printout.when is not None:
                self._rule((*place, "when", "rule"), printout.when.rule)
                if printout.over != "record":
                    vi, en = "chỉ dùng cho bản in của một bản ghi", "it is for printouts over one record alone"
                    self.source.mistake((*place, "when"), vi, en, "over: record")
            path = self.folder / "print" / printout.template
            if printout.template and not (path.is_file() and path.resolve().is_relative_to(self.folder.resolve())):
                vi, en = f"không có mẫu in “{printout.template}”", f"there is no template “{printout.template}”"
                self.source.mistake((*place, "template"), vi, en, "print/…")
            for name, target in printout.includes.items():
                self._include((*place, "includes", name), target)

    def _include(self, place: Place, target: str) -> None:
        type_id, _, name = target.rpartition(".")
        known = {record.id: record for record in self.catalog.record_types}
        if type_id not in known:
            unknown(self.source, place, "loại hồ sơ", "record type", type_id, sorted(known))
        elif known[type_id].fields and name not in known[type_id].field_map:
            unknown_field(self.source, place, target, list(known[type_id].field_map))

    def _links(self) -> None:
        for number, delivery in enumerate(self.type.deliveries):
            self._service(("deliveries", number, "service"), delivery.service)
            for position, name in enumerate(delivery.states):
                self._state(("deliveries", number, "states", position), name)
        if self.type.messages is not None:
            check_messages(self.source, self.type, self.type.messages, self.scope)
        for number, name in enumerate(self.type.duplicate):
            self._field(("duplicate", number), name)
        self._doubles()
        if self.type.visit is not None:
            self._field(("visit",), self.type.visit)
        for number, name in enumerate(self.type.begun_by):
            self._role(("begun_by", number), name)

    def _doubles(self) -> None:
        """How two records of one thing are told, and how they are put together."""
        for number, alike in enumerate(self.type.alike):
            for key, names in (("fields", alike.fields), ("unless", alike.unless)):
                for position, name in enumerate(names):
                    self._field(("alike", number, key, position), name)
            for key, one in (("name", alike.name), ("within", alike.within)):
                if one is not None:
                    self._field(("alike", number, key), one)
        if (merging := self.type.merging) is not None:
            self._field(("merging", "into"), merging.into)
            self._state(("merging", "state"), merging.state)
            actions = [action.id for action in self.type.actions]
            for key, name in (("action", merging.action), ("undo", merging.undo)):
                if name not in actions:
                    unknown(self.source, ("merging", key), "thao tác", "action", name, actions)

    def _cycles(self) -> None:
        try:
            cycles = make_plan(self.type, self.catalog).cycles
        except ExpressionError as error:  # of a deadline, whose parts are joined
            self.source.mistake(("deadline",), f"sai cú pháp CEL: {error.reason}", f"not CEL: {error.reason}")
            return
        if cycles:
            names = ", ".join(cycles)
            vi, en = f"các phép tính vòng tròn: {names}", f"calculations need each other: {names}"
            self.source.mistake(("sections",), vi, en, "calculate")
