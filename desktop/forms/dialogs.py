"""The three questions a form asks: what an action needs, whether to go on, and what must be mended first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QFrame,
    QLabel,
    QMessageBox,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop.forms.form_view import FormView
from desktop.forms.layout import clear_layout
from desktop.forms.record_header import TitleLabel
from desktop.language import language, say, tr
from desktop.widgets.basics import restyle, text_label
from desktop.widgets.broken_lines import broken_lines
from desktop.widgets.growing import GrowingDialog, TallArea
from forms.definition import Action
from forms.entry import Problem, RecordEntry, RuleError

if TYPE_CHECKING:
    from desktop.app import App


MOST_BREAKS = 3  # lines of one problem
MOST_LINES = 4  # of a list of problems, so that the form under it stays in sight; the fields themselves say the others


class AskDialog(GrowingDialog):
    """The fields an action asks for, with the same widgets; works on an entry of its own, so that cancelling leaves no
    trace. ``about``: the record of an action that is hard to take back, which is then not asked about once more: who has
    written a reason and pressed the button was sure, and a second question would throw the reason away."""

    def __init__(
        self, app: App, action: Action, entry: RecordEntry, parent: QWidget | None = None, about: str = ""
    ) -> None:
        super().__init__(parent)
        lacks = any((value := entry.get(name)) in (None, "", []) or value is False for name in action.asks)
        self.setWindowTitle(tr("form.ask.title" if lacks else "form.ask.look_over", action=say(action.label)))
        self._app, self._action = app, action
        self.entry = entry
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(12)
        column.addWidget(text_label(say(action.label), "heading"))
        if about:
            which = TitleLabel(self, "quiet")
            which.show_text(about)
            which.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # a long title widens nothing
            column.addWidget(which)
            column.addWidget(text_label(tr("form.confirm.goes"), "quiet"))
        self.view = FormView(app, entry, self, only=frozenset(action.asks), unlocked=True)
        self.view.setMinimumWidth(app.look.px(460))
        self.area = TallArea(self.view, self)
        column.addWidget(self.area, 1)
        buttons = QDialogButtonBox(self)
        self.accept_button = QPushButton(f"{say(action.label)}  F9", self)
        self.accept_button.setProperty("kind", "danger" if about else "main")
        self.accept_button.setAutoDefault(False)
        cancel = QPushButton(tr("form.cancel"), self)
        cancel.setAutoDefault(False)
        buttons.addButton(self.accept_button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(cancel, QDialogButtonBox.ButtonRole.RejectRole)
        self.accept_button.clicked.connect(self._accept)
        cancel.clicked.connect(self._cancel)
        column.addWidget(buttons)
        self.view.finished.connect(self.accept_button.setFocus)
        self.view.walk.go_to_first()

    @property
    def inputs(self) -> dict[str, Any]:
        return {name: self.entry.get(name) for name in self._action.asks}

    def showEvent(self, event: QShowEvent, /) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self._grow)

    def _grow(self) -> None:
        """Once the fields know their real width: one that just does not fit would stand behind a bar to scroll."""
        port = self.area.viewport()
        self.grow_to(self.height() + self.view.heightForWidth(port.width()) - port.height())

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        """Enter never submits from a field; on the button it does. F9 does from anywhere, but not the press that opened this
        and is still held."""
        if event.key() == Qt.Key.Key_F9:
            if not event.isAutoRepeat():
                self._accept()
        elif event.key() == Qt.Key.Key_Escape:
            self._cancel()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.accept_button.hasFocus():
                self._accept()
        else:
            super().keyPressEvent(event)

    def _cancel(self) -> None:
        """Esc must not throw away a reason somebody has just written."""
        if not self.view.has_typed or drop_typed(self):
            self.reject()

    def _accept(self) -> None:
        self.view.flush()
        missing: dict[str, str] = {}
        for name in self._action.asks:
            problem = self.entry.problem(name)
            field = self.entry.record_type.field(name)
            if problem is not None and problem.blocks:
                missing[name] = problem.message.get(language())
            elif self.entry.get(name) in (None, "", []):
                missing[name] = tr(f"form.ask.{'tick' if field.type == 'bool' else 'missing'}", label=say(field.label))
        told = missing | self._refused_by_rules()  # the action's own rule says better why a box must be ticked
        if told:
            self._refuse({name: told[name] for name in self._action.asks if name in told})
        else:
            self.accept()

    def _refuse(self, words: dict[str, str]) -> None:
        """Says it at the fields and goes to the first of them: a box left unticked too is told by its words."""
        self.view.show_refused(words)
        self.view.walk.go_to(next(iter(words)))

    def _refused_by_rules(self) -> dict[str, str]:
        """What the action's own rules say about the answers, by field; the rest is told on the page."""
        from desktop.forms.entries import copy_entry

        officer = self._app.officer
        if officer is None:
            return {}
        try:
            copy_entry(self._app, self.entry).perform(self._action.id, officer, self.inputs)
        except RuleError as error:
            asks, found = self._action.asks, {}
            for problem in error.problems:
                name = problem.path.partition("/")[0]
                if name in asks:
                    found[name] = say(problem.message)
                for rule in self.entry.plan.actions[self._action.id].guards if not name else ():
                    about = [ask for ask in asks if ask in rule.expression.reads]
                    if about and rule.message.message == problem.message:
                        found[about[0]] = say(problem.message)
            return found
        return {}


def mended_at(entry: RecordEntry, problem: Problem) -> str:
    """The field to go to: the problem's own, or of those that its rule reads and that can be filled in now the first empty
    one, else the first; "" where there is none."""
    fields = entry.record_type.field_map
    if problem.path:
        return problem.path if problem.path.partition("/")[0] in fields else ""
    heads = {name.partition("/")[0] for name in problem.about}
    own = [n for n in fields if n in heads and entry.is_relevant(n) and not entry.is_locked(n)]
    own = [n for n in own if not entry.is_calculated(n)]
    return next((n for n in own if entry.get(n) in (None, "", [])), own[0] if own else "")


class ProblemLine(QPushButton):
    """One sentence that leads to its field, broken into lines where it is longer than its place: Qt breaks no button's text."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.whole = self.first = text
        self.path = ""  # the problem's own field
        self.before: Any = None  # what stood there then
        self.setAccessibleName(text)
        self.setProperty("kind", "line")
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def say(self, text: str) -> None:
        if text != self.whole:
            self.whole = text
            self.setAccessibleName(text)
            self._fit()

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width() - 2 * self.fontMetrics().averageCharWidth()
        shown = "\n".join(broken_lines(self.whole, self.fontMetrics(), room, MOST_BREAKS))
        if shown != self.text():
            self.setText(shown)


class ProblemList(QFrame):
    """What must be mended before an action, one line each; a line goes to its field."""

    chosen = Signal(str)

    def __init__(self, app: App, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.setProperty("kind", "red")
        self._column = QVBoxLayout(self)
        edge = app.look.px(8)
        self._column.setContentsMargins(edge + 4, edge, edge + 4, edge)
        self._column.setSpacing(2)
        self.hide()

    def show_problems(self, action: str, problems: Sequence[Problem], entry: RecordEntry, *, own: bool = True) -> None:
        """``own``: whether the action is the officer's to take; of somebody else's nothing was done wrong."""
        self.clear()
        self.setProperty("kind", "red" if own else "amber")
        restyle(self)
        title = QLabel(tr("form.problems.title" if own else "form.problems.not_yours", action=action), self)
        title.setObjectName("heading")
        self._column.addWidget(title)
        for problem in problems[:MOST_LINES]:
            place = mended_at(entry, problem)
            line = ProblemLine(f"⚠ {say(problem.message)}", self)
            line.setEnabled(bool(place))
            if problem.path in entry.record_type.field_map:
                line.path, line.before = problem.path, entry.get(problem.path)
            line.clicked.connect(lambda _=False, path=place: self.chosen.emit(path))
            self._column.addWidget(line)
        if len(problems) > MOST_LINES:
            self._column.addWidget(text_label(tr("form.problems.more", n=len(problems) - MOST_LINES), "quiet"))
        self.show()

    def tell_mended(self, entry: RecordEntry) -> None:
        """What was put right since says so, in its own place: a line that went away would move the form under the hand."""
        for line in self.findChildren(ProblemLine):
            now = entry.get(line.path) if line.path else None
            still = entry.problem(line.path) if line.path else None
            if now in (None, "", []) or now == line.before or (still is not None and still.blocks):
                line.say(line.first)
            else:
                label = say(entry.record_type.field(line.path).label)
                line.say(f"✓ {tr('form.problems.mended', label=label)}")

    def clear(self) -> None:
        clear_layout(self._column)
        self.hide()

    @property
    def lines(self) -> list[str]:
        return [line.whole for line in self.findChildren(ProblemLine) if not line.isHidden()]


def confirm(parent: QWidget, action: Action, about: str) -> bool:
    """Asked before an action that is hard to take back. ``about``: the record, by name and number. Enter and Esc both mean
    no."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(say(action.label))
    box.setText(tr("form.confirm.title", action=say(action.label)))
    box.setInformativeText(f"{about}\n\n{tr('form.confirm.text')}")
    return agreed(box, say(action.label), tr("form.cancel"), kind="danger")


def agreed(
    box: QMessageBox,
    go: str,
    stay: str,
    role: QMessageBox.ButtonRole = QMessageBox.ButtonRole.AcceptRole,
    *,
    kind: str = "",
) -> bool:
    """Asks with two buttons; whether the first was pressed. Enter and Esc both mean the second."""
    going = box.addButton(go, role)
    if kind:
        going.setProperty("kind", kind)
    staying = box.addButton(stay, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(staying)
    box.setEscapeButton(staying)
    box.exec()
    return box.clickedButton() is going


def continue_another(parent: QWidget, name: str, time: str) -> bool:
    """Asked before what another officer of this PC has begun is gone on with. Enter and Esc both leave it to him."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(tr("form.draft.other_title"))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(tr("form.draft.other", name=name, time=time))
    box.setInformativeText(tr("form.draft.other_advice"))
    return agreed(box, tr("form.draft.other_go"), tr("form.draft.other_stay"))


def ask_whose(parent: QWidget, name: str) -> bool | None:
    """Asked before a new record that bears the name of an officer of this PC: whether it is his. None: not saved yet; Enter
    and Esc both mean that."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(tr("form.own.title"))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(tr("form.own.text", name=name))
    box.setInformativeText(tr("form.own.advice"))
    his = box.addButton(tr("form.own.yes"), QMessageBox.ButtonRole.YesRole)
    other = box.addButton(tr("form.own.no"), QMessageBox.ButtonRole.NoRole)
    back = box.addButton(tr("form.own.back"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(back)
    box.setEscapeButton(back)
    box.exec()
    pressed = box.clickedButton()
    return pressed is his if pressed in (his, other) else None


def drop_typed(parent: QWidget) -> bool:
    """Asked before what was just typed is thrown away. Enter and Esc both keep it."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(tr("form.drop.title"))
    box.setText(tr("form.drop.text"))
    return agreed(box, tr("form.drop.go"), tr("form.drop.stay"), QMessageBox.ButtonRole.DestructiveRole)
