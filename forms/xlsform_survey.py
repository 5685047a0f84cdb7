"""The survey sheet, row by row: which questions there are, what they are called here, and which repeats they stand in."""

from __future__ import annotations

import re

from msgspec import Struct

from forms.label import Label
from forms.xlsform_questions import KINDS, NOT_CARRIED, Kind, parameters, plain_name, yes
from forms.xlsform_rules import Ref
from forms.xlsform_sheets import Book, Line, label_of
from forms.xlsform_words import Note

_BEGIN = re.compile(r"begin[ _](group|repeat)|end[ _](group|repeat)")
_SELECT = re.compile(
    r"(select_one|select_multiple|select one|select multiple|select1|rank)(?:\s+(?:from\s+)?(\S+))?(\s+or_other|\s+or other)?"
)


class Question(Struct):
    """A row that becomes a field. ``group``: the repeat it is a column of; ``relevant``: of the groups around it."""

    line: Line
    name: str
    kind: Kind
    group: str | None
    choices: str | None = None
    or_other: bool = False
    around: tuple[Line, ...] = ()
    hint: Label | None = None


class _Open(Struct):
    line: Line
    repeat: bool
    name: str


class Survey:
    """The questions of a form; ``notes`` are added to."""

    def __init__(
        self, book: Book, lists: dict[str, str], columns: dict[str, dict[str, str]], notes: list[Note]
    ) -> None:
        """``lists``: name of a list in the sheet → in the catalogue; ``columns``: of each list, as rules name them."""
        self.book = book
        self.lists = lists
        self.columns = columns
        self._notes = notes
        self.questions: list[Question] = []
        self.refs: dict[str, Ref] = {}
        self.taken: dict[str | None, set[str]] = {None: set()}
        self.repeats: dict[str, Line] = {}

    def note(self, line: Line, column: str, vi: str, en: str) -> None:
        self._notes.append(Note(line.sheet, line.row, column, line.get(column), Label(vi, en)))

    # first pass: which questions there are

    def collect(self) -> None:
        opened: list[_Open] = []
        waiting: Label | None = None
        for line in self.book.survey.lines:
            kind = re.sub(r"\s+", " ", line.get("type")).strip()
            if not kind:
                self.note(line, "name", "dòng không có type nên bỏ qua", "a row without a type is left out")
            elif (yes(line.get("disabled"))) is True:
                self.note(line, "disabled", "dòng đã tắt nên bỏ qua", "a disabled row is left out")
            elif found := _BEGIN.fullmatch(kind.lower()):
                self._bracket(line, bool(found[1]), (found[1] or found[2]) == "repeat", opened)
            elif kind.lower() == "note":
                waiting = self._note_row(line)
            else:
                self._question(line, kind, opened, waiting)
                waiting = None
        self._leave_out_empty()
        for left in opened:
            self.note(left.line, "type", "nhóm chưa được đóng", "the group is not closed")

    def _leave_out_empty(self) -> None:
        """A repeat without questions is no table, and rules cannot count it."""
        full = {question.group for question in self.questions}
        for name in [name for name in self.repeats if name not in full]:
            line = self.repeats.pop(name)
            self.note(
                line, "name", "bảng lặp không có câu hỏi nào nên bỏ", "the repeat has no question and is left out"
            )
            self.questions = [q for q in self.questions if q.name != name or q.kind.type != "group"]
            self.refs = {key: ref for key, ref in self.refs.items() if (ref.name, ref.kind) != (name, "group")}

    def _bracket(self, line: Line, begins: bool, repeat: bool, opened: list[_Open]) -> None:
        if not begins:
            if opened:
                opened.pop()
            else:
                self.note(line, "type", "đóng nhóm chưa mở", "closes a group that is not open")
            return
        name = ""
        if repeat and any(one.repeat for one in opened):
            self.note(
                line,
                "type",
                "bảng lặp trong bảng lặp: các câu hỏi trong đó vào bảng ngoài",
                "a repeat in a repeat: its questions go to the outer one",
            )
            repeat = False
        if repeat:
            name = self._named(line, None)
            self.repeats[name] = line
            self.taken[name] = set()
            self.refs.setdefault(line.get("name"), Ref(name, "group"))
            self._repeat_count(line)
        opened.append(_Open(line, repeat, name))
        if repeat:
            self.questions.append(
                Question(line, name, Kind("group", "group"), None, around=tuple(o.line for o in opened[:-1]))
            )

    def _repeat_count(self, line: Line) -> None:
        if line.get("repeat_count"):
            self.note(
                line,
                "repeat_count",
                "số dòng cố định chưa có: cán bộ tự thêm dòng",
                "a fixed number of rows is not there: rows are added by hand",
            )

    def _note_row(self, line: Line) -> Label | None:
        """A note is shown as the next question's hint."""
        text = label_of(self.book, line, "label")
        if line.get("relevant"):
            self.note(line, "relevant", "ghi chú luôn hiện, không theo điều kiện", "the note is always shown")
        self.note(
            line,
            "label" if line.get("label") else "type",
            "ghi chú thành lời hướng dẫn của câu hỏi ngay sau (nếu có)",
            "the note becomes the hint of the next question, if there is one",
        )
        return self.static(line, "label", text) if text else None

    def _named(self, line: Line, group: str | None) -> str:
        taken = self.taken[group]
        name = plain_name(line.get("name") or "field", taken | ({group} if group else set()))
        taken.add(name)
        if name != line.get("name"):
            self.note(line, "name", f"đổi tên thành “{name}”", f"is called “{name}” here")
        return name

    def _question(self, line: Line, kind: str, opened: list[_Open], hint: Label | None) -> None:
        group = next((one.name for one in opened if one.repeat), None)
        around = tuple(one.line for one in opened if not one.repeat)
        select = _SELECT.fullmatch(kind)
        if select:
            self._select(line, select, group, around, hint)
            return
        word = kind.lower()
        if word in NOT_CARRIED:
            self.note(
                line,
                "type",
                "không cần: lịch sử bản ghi đã có ai, máy nào, lúc nào",
                "not needed: the record's history has who, where and when",
            )
            return
        if word == "calculate":
            found = Kind("text", "str")
        elif word in KINDS:
            found = KINDS[word]
        else:
            self.note(
                line,
                "type",
                "loại câu hỏi chưa có: thành một dòng chữ",
                "no such type of question: becomes a line of text",
            )
            found = KINDS["text"]
        if word == "range":
            found = self._range(line, found)
        if found.type == "text" and "multiline" in line.get("appearance"):
            found = Kind("longtext", "str")
        if found.note:
            self.note(line, "type", found.note.vi, found.note.en)
        self._add(Question(line, self._named(line, group), found, group, around=around, hint=hint))

    def _range(self, line: Line, kind: Kind) -> Kind:
        values = parameters(line.get("parameters"))
        return Kind("decimal", "decimal") if any("." in value for value in values.values()) else kind

    def _select(
        self, line: Line, found: re.Match[str], group: str | None, around: tuple[Line, ...], hint: Label | None
    ) -> None:
        word, name, other = found[1], found[2] or "", bool(found[3])
        kind = Kind("one_of", "one_of") if "one" in word or word == "select1" else Kind("many_of", "many_of")
        if word == "rank":
            self.note(
                line,
                "type",
                "xếp hạng thành chọn nhiều, không giữ thứ tự",
                "a ranking becomes a choice of several, without order",
            )
        if name not in self.lists:
            self.note(
                line,
                "type",
                f"không có danh sách “{name}” trong trang choices: thành một dòng chữ",
                f"no list “{name}” in the choices sheet: becomes a line of text",
            )
            kind, name, other = KINDS["text"], "", False
        self._add(Question(line, self._named(line, group), kind, group, name or None, other, around, hint))

    def _add(self, question: Question) -> None:
        self.questions.append(question)
        written = question.line.get("name")
        if written in self.refs:
            self.note(
                question.line,
                "name",
                "tên có hai lần: quy tắc hiểu là câu hỏi đầu",
                "the name stands twice: rules mean the first",
            )
        self.refs.setdefault(written, Ref(question.name, question.kind.value, question.group))

    def label(self, line: Line, column: str) -> Label | None:
        """The text in both languages; one that a form of two languages leaves out is told."""
        found = label_of(self.book, line, column)
        if found and self.book.vi is not None and self.book.en is not None and column == "label":
            for language, name in (
                (self.book.vi, ("tiếng Việt", "Vietnamese")),
                (self.book.en, ("tiếng Anh", "English")),
            ):
                if not line.get(f"{column}::{language}" if language else column):
                    self.note(
                        line,
                        column,
                        f"thiếu {name[0]}: dùng chữ của ngôn ngữ kia",
                        f"{name[1]} is missing: the other text is used",
                    )
        return found

    def static(self, line: Line, column: str, text: Label) -> Label:
        """Answers cannot stand inside a label here."""
        if "${" in text.vi + text.en:
            self.note(line, column, "chữ có ${…}: nhãn ở đây cố định", "the text has ${…}: labels are fixed here")
            text = Label(*(re.sub(r"\$\{[^}]*\}", "…", t) for t in (text.vi, text.en)))
        return Label(*(re.sub(r"<[^>]+>|\*\*|__", "", t).strip() or "…" for t in (text.vi, text.en)))
