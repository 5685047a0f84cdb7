"""What the buttons of “Việc tiếp theo” do: begin the next record, act on the one that waits, or note that it is not needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QMessageBox, QVBoxLayout, QWidget

from desktop import following
from desktop.forms.dialogs import AskDialog, agreed
from desktop.forms.entries import entry_context, entry_of
from desktop.language import language, say, say_error, tr
from desktop.widgets.basics import text_label
from forms.entry import RuleError
from forms.field_types import show
from sync.store.model import Record, Save

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desktop.forms.record_page import RecordPage
    from forms.flows import Proposal

MOST_REASONS = 3  # of what stands in the way; the other record's own page says the rest


class NextSteps(QObject):
    def __init__(self, page: RecordPage) -> None:
        super().__init__(page)
        self._page = page
        card = page.body.next
        card.follow_requested.connect(self.follow)
        card.not_needed_requested.connect(self.not_needed)
        card.again_requested.connect(self.again)
        card.open_requested.connect(page.open_requested)
        card.listed.connect(page.actions_changed)

    def follow(self, proposal: Proposal) -> None:
        """Opens the next record with what is known, or takes the action after showing what it will do."""
        app, record = self._page.app, self._page.record
        if record is None or app.officer is None:
            return
        if proposal.target is None:
            app.begin(proposal.to, following.begin_values(proposal, record, app.catalog, entry_context(app)))
            return
        target = app.load(proposal.target)
        if target is not None:
            self._act(proposal, record, target)

    def _act(self, proposal: Proposal, record: Record, target: Record) -> None:
        app, page = self._page.app, self._page
        officer = app.officer
        action = app.catalog.record_type(proposal.to).action(proposal.flow.action or "")
        context = entry_context(app)
        values = following.begin_values(proposal, record, app.catalog, context)
        inputs: dict[str, Any] = {}
        if set(action.asks) - values.keys():
            entry = entry_of(app, target)
            for name, value in values.items():
                entry.put(name, value)
            dialog = AskDialog(app, action, entry, page)
            if dialog.exec() != AskDialog.DialogCode.Accepted:
                return
            inputs = dialog.inputs
        elif not self._agreed(proposal, target, values):
            return
        if officer is None:
            return
        try:
            save = following.act_on(proposal, record, target, officer, context, catalog=app.catalog, inputs=inputs)
        except RuleError as error:
            reason = " ".join(say(problem.message) for problem in error.problems[:MOST_REASONS])
            page.notice.say(tr("form.next.refused", action=say(action.label), reason=reason), "red")
            return
        self._write(save, tr("form.next.acted", action=say(action.label), title=target.title))

    def _agreed(self, proposal: Proposal, target: Record, values: Mapping[str, Any]) -> bool:
        """Shows what will happen to the other record, and asks."""
        app = self._page.app
        to = app.catalog.record_type(target.type)
        action = to.action(proposal.flow.action or "")
        states = (to.state(target.state), to.state(action.to))
        told = [tr("form.next.step", before=say(states[0].label), after=say(states[1].label))]
        for name, value in values.items():
            field = to.field(name)
            shown = show(field, value, language(), choices=app.catalog.choices_of(field), resolve=app.named)
            told.append(f"{say(field.label)}: {shown}")
        box = QMessageBox(self._page)
        box.setIcon(QMessageBox.Icon.Question)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setWindowTitle(say(proposal.flow.label))
        box.setText(f"{say(to.label)} · {target.title}")
        box.setInformativeText("\n".join(told))
        return agreed(box, say(action.label), tr("form.cancel"), kind="main")

    def not_needed(self, proposal: Proposal) -> None:
        page = self._page
        dialog = ReasonDialog(say(proposal.flow.label), page)
        if dialog.exec() != QDialog.DialogCode.Accepted or page.record is None or page.app.officer is None:
            return
        context = entry_context(page.app)
        save = following.dismissal(proposal, page.record, dialog.reason, page.app.officer, context)
        self._write(save, tr("form.next.noted"))

    def again(self, proposal: Proposal) -> None:
        if self._page.record is not None:
            self._write(following.taken_up_again(proposal, self._page.record), "")

    def _write(self, save: Save, told: str) -> None:
        page = self._page
        store, officer = page.app.store, page.app.officer
        if officer is None:
            return

        def done(_records: object) -> None:
            if told:
                page.notice.say(told, "blue")
            page.read_around()

        task = page.app.background.run(lambda: store.save([save], officer), page)
        task.then(done).failed(lambda error: page.notice.say(tr("form.save.refused", reason=say_error(error)), "red"))


class ReasonDialog(QDialog):
    """Why something is not needed; Enter accepts once there is a reason."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("form.next.not_needed"))
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(10)
        column.addWidget(text_label(title, "heading", wrap=True))
        column.addWidget(text_label(tr("form.next.why"), "quiet", wrap=True))
        self.line = QLineEdit(self)
        self.line.setMinimumWidth(360)
        self.line.setAccessibleName(tr("form.next.why"))
        column.addWidget(self.line)
        buttons = QDialogButtonBox(self)
        self.accept_button = buttons.addButton(tr("form.next.not_needed"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.accept_button.setProperty("kind", "main")
        buttons.addButton(tr("form.cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.line.textChanged.connect(lambda text: self.accept_button.setEnabled(bool(text.strip())))
        self.accept_button.setEnabled(False)
        column.addWidget(buttons)

    @property
    def reason(self) -> str:
        return " ".join(self.line.text().split())
