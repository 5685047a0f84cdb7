"""The questions of a survey as sections and fields of a record type, as they are written in its YAML."""

from __future__ import annotations

import re
from typing import Any

from forms.label import Label
from forms.xlsform_cel import Cel, quoted, truth
from forms.xlsform_questions import Kind, parameters, plain_name, width_of, yes
from forms.xlsform_rules import Ref, Surroundings, translated
from forms.xlsform_sheets import Book, Line, label_of
from forms.xlsform_survey import Question, Survey
from forms.xlsform_words import NotCarried

_READ = {
    "type", "name", "label", "hint", "guidance_hint", "required", "required_message", "relevant", "constraint",
    "constraint_message", "calculation", "choice_filter", "default", "appearance", "readonly", "parameters", "repeat_count",
    "disabled",
}  # fmt: skip


class Fields:
    """What a survey becomes: ``sections`` ready for YAML."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._book: Book = survey.book
        self._lists, self._columns = survey.lists, survey.columns
        self.refs = survey.refs
        self.note = survey.note
        self._label, self._static = survey.label, survey.static

    def sections(self, title: Label) -> list[dict[str, Any]]:
        self._type_calculations()
        columns: dict[str, list[dict[str, Any]]] = {name: [] for name in self._survey.repeats}
        sections: list[dict[str, Any]] = []
        before: tuple[int, ...] | None = None
        # when and by whom stands at the end, out of the way
        for question in sorted(self._survey.questions, key=lambda q: q.kind.label is not None):
            made = self._field(question)
            if question.group is not None:
                columns[question.group] += made
                continue
            place = (-1,) if question.kind.label else tuple(line.row for line in question.around)
            if before != place:
                sections.append(self._section(question, title, len(sections)))
                before = place
            sections[-1]["fields"] += made
        for section in sections:
            for field in section["fields"]:
                if field["type"] == "group":
                    field["fields"] = columns[field["name"]]
        return [section for section in sections if section["fields"]]

    def _section(self, question: Question, title: Label, number: int) -> dict[str, Any]:
        around = () if question.kind.label else question.around
        if question.kind.label:
            title = Label("Về lần nhập này", "About this entry")
        elif number:
            title = Label("Câu hỏi tiếp theo", "Further questions")
        label = next((found for line in reversed(around) if (found := label_of(self._book, line, "label"))), title)
        section: dict[str, Any] = {"id": f"part_{number + 1}", "label": _yaml(label), "fields": []}
        rules = [rule for line in around if (rule := self._rule(line, "relevant", Surroundings(self.refs)))]
        if rules:
            section["relevant"] = " && ".join(f"({rule})" for rule in rules) if len(rules) > 1 else rules[0]
        return section

    def _type_calculations(self) -> None:
        """What a calculation gives decides its field's type; those that read others come after them as written."""
        for question in self._survey.questions:
            if question.line.get("type").lower().strip() != "calculate":
                continue
            try:
                found = translated(question.line.get("calculation"), self._where(question), condition=False)
            except NotCarried:
                continue
            types = {
                "int": "int",
                "num": "decimal",
                "decimal": "decimal",
                "bool": "bool",
                "date": "date",
                "datetime": "datetime",
            }
            field_type = types.get(found.kind, "text")
            question.kind = Kind(field_type, field_type if field_type != "text" else "str")
            written = question.line.get("name")
            if self.refs[written].name == question.name:
                self.refs[written] = Ref(question.name, question.kind.value, question.group)

    def _where(self, question: Question) -> Surroundings:
        own = Ref(question.name, question.kind.value, question.group)
        return Surroundings(self.refs, own, question.group)

    def _field(self, question: Question) -> list[dict[str, Any]]:
        line, where = question.line, self._where(question)
        label = self._label(line, "label")
        if label is None:
            label = question.kind.label or Label(line.get("name"), line.get("name"))
            if question.kind.default is None and line.get("type").lower() not in ("calculate", "hidden"):
                self.note(line, "label", "không có nhãn: dùng tên", "no label: the name is used")
        field: dict[str, Any] = {
            "name": question.name,
            "type": question.kind.type,
            "label": _yaml(self._static(line, "label", label)),
        }
        self._hint(question, field)
        self._looks(question, field)
        if question.choices:
            field["choice_list"] = self._lists[question.choices]
        self._requirements(question, field, where)
        self._constraints(question, field, where)
        self._values(question, field, where)
        self._leftovers(line)
        if question.kind.type == "group":
            field["fields"] = []
        return [field, *self._other(question, field)]

    def _hint(self, question: Question, field: dict[str, Any]) -> None:
        texts = [question.hint] + [self._label(question.line, c) for c in ("hint", "guidance_hint")]
        given = [text for text in texts if text]
        if given:
            whole = Label(" ".join(t.vi for t in given), " ".join(t.en for t in given))
            field["hint"] = _yaml(self._static(question.line, "hint", whole))

    def _looks(self, question: Question, field: dict[str, Any]) -> None:
        appearance = question.line.get("appearance")
        width = width_of(appearance) or (12 if question.kind.type in ("longtext", "group", "many_of") else 6)
        field["width"] = width
        rest = [word for word in appearance.split() if not re.fullmatch(r"w\d{1,2}|multiline", word)]
        if rest:
            self.note(
                question.line, "appearance", "cách trình bày do chương trình chọn", "the program chooses how it looks"
            )
        if question.kind.pattern and not question.line.get("calculation"):
            field["pattern"] = question.kind.pattern

    def _requirements(self, question: Question, field: dict[str, Any], where: Surroundings) -> None:
        line = question.line
        required = yes(line.get("required"))
        if required is True and question.kind.type == "group":
            field["min_rows"] = 1
        elif required is True:
            field["required"] = True
        elif required is None and (rule := self._rule(line, "required", where)):
            field["required"] = rule
        if any(column.startswith("required_message") for column in line.cells):
            self.note(
                line,
                "required_message",
                "lời nhắc bắt buộc do chương trình viết",
                "the program has its own words for a missing answer",
            )
        rules = [rule] if (rule := self._rule(line, "relevant", where)) else []
        if question.group is not None:  # a group inside a repeat: each column stands under its condition
            inner = [g for g in question.around if g.row > self._survey.repeats[question.group].row]
            rules = [r for g in inner if (r := self._rule(g, "relevant", where, quiet=True))] + rules
        if rules:
            field["relevant"] = " && ".join(f"({r})" for r in rules) if len(rules) > 1 else rules[0]
        if yes(line.get("readonly")) is not False and line.get("readonly") and not line.get("calculation"):
            self.note(line, "readonly", "mục vẫn sửa được", "the field can be edited")

    def _constraints(self, question: Question, field: dict[str, Any], where: Surroundings) -> None:
        line = question.line
        messages: list[dict[str, Any]] = []
        text = self._label(line, "constraint_message")
        text = text and self._static(line, "constraint_message", text)
        own = where.own.name if where.own and where.group is None else f"row.{question.name}"
        if rule := self._rule(line, "constraint", where):
            message = text or Label(f"{field['label']['vi']} chưa đúng", f"{field['label']['en']} is not right")
            rule = re.sub(rf"(?<![\w.]){re.escape(own)} != null && ", "", rule)
            messages.append({"rule": f"{own} == null || ({rule})", **_yaml(message)})
        if line.get("type").lower().strip() == "range":
            messages += self._range_rules(question, field, own)
        elif line.get("parameters"):
            self.note(line, "parameters", "tham số này không dùng", "these parameters are not used")
        if messages:
            field["constraints"] = messages

    def _range_rules(self, question: Question, field: dict[str, Any], own: str) -> list[dict[str, Any]]:
        values = parameters(question.line.get("parameters"))
        start, end = values.get("start", "1"), values.get("end", "10")
        if not all(re.fullmatch(r"-?\d+(\.\d+)?", value) for value in (start, end)):
            self.note(question.line, "parameters", "không đọc được khoảng số", "the range cannot be read")
            return []
        if values.get("step", "1") not in ("1", "1.0"):
            self.note(question.line, "parameters", "bước nhảy không được kiểm", "the step is not checked")
        number = f"double({own})" if question.kind.type == "decimal" else own
        low, high = sorted((start, end), key=float)
        vi = f"{field['label']['vi']}: từ {low} đến {high}"
        return [
            {
                "rule": f"{own} == null || ({number} >= {low} && {number} <= {high})",
                "vi": vi,
                "en": f"{field['label']['en']}: from {low} to {high}",
            }
        ]

    def _values(self, question: Question, field: dict[str, Any], where: Surroundings) -> None:
        line = question.line
        calculation = line.get("calculation")
        if calculation:
            once = re.fullmatch(r"\s*once\((.*)\)\s*", calculation, re.DOTALL)
            if rule := self._rule(line, "calculation", where, condition=False):
                field["default" if once else "calculate"] = rule
        elif line.get("type").lower().strip() == "calculate":
            self.note(line, "calculation", "phép tính trống", "the calculation is empty")
        if line.get("choice_filter") and question.choices:
            inner = Surroundings(self.refs, where.own, where.group, self._columns[question.choices])
            if rule := self._rule(line, "choice_filter", inner):
                field["choice_filter"] = rule
        if question.kind.default:
            field["default"] = question.kind.default
        if default := self._default(question, where):
            field["default"] = default

    def _default(self, question: Question, where: Surroundings) -> str | None:
        line, text = question.line, question.line.get("default")
        if not text:
            return None
        kind = question.kind.type
        if "${" in text or re.search(r"\b[a-z-]+\(", text):
            return self._rule(line, "default", where, condition=False)
        if kind in ("file", "group"):
            self.note(line, "default", "không có giá trị sẵn cho loại này", "there is no default for this type")
            return None
        return _literal(kind, text)

    def _rule(
        self, line: Line, column: str, where: Surroundings, *, condition: bool = True, quiet: bool = False
    ) -> str | None:
        """The cell as CEL; what cannot be carried over is told."""
        text = line.get(column)
        if not text:
            return None
        try:
            found: Cel = translated(text, where, condition=condition)
        except NotCarried as error:
            if not quiet:
                label = error.label
                self.note(
                    line, column, f"quy tắc không chuyển được: {label.vi}", f"the rule is not carried over: {label.en}"
                )
            return None
        return truth(found).text if condition else found.text

    def _leftovers(self, line: Line) -> None:
        for column in line.cells:
            base = column.partition("::")[0]
            if base not in _READ:
                self.note(line, column, "cột này không dùng ở đây", "this column is not used here")

    def _other(self, question: Question, field: dict[str, Any]) -> list[dict[str, Any]]:
        """The line of text that goes with the choice “other”."""
        if not question.or_other:
            return []
        taken = self._survey.taken[question.group]
        name = plain_name(f"{question.name}_other", taken)
        taken.add(name)
        value = question.name if question.group is None else f"row.{question.name}"
        chosen = f'{value} == "other"' if question.kind.type == "one_of" else f'({value} != null && "other" in {value})'
        label = {"vi": f"{field['label']['vi']}: khác (ghi rõ)", "en": f"{field['label']['en']}: other (say which)"}
        return [{"name": name, "type": "text", "label": label, "relevant": chosen, "required": True, "width": 6}]


def _yaml(label: Label) -> dict[str, str]:
    return {"vi": label.vi, "en": label.en}


def _literal(kind: str, text: str) -> str:
    """An answer as a CEL value; one that does not fit the type is put in as text, and seen in the form."""
    if kind == "bool":
        return "true" if yes(text) or text.upper() == "OK" else "false"
    if kind == "many_of":
        return "[" + ", ".join(quoted(code) for code in text.split()) + "]"
    if kind == "int" and re.fullmatch(r"-?\d+", text):
        return text
    return quoted(text[:10] if kind == "date" else text)
