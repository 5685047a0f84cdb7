"""Who works now: unlocking the store where the PC has no vault, and picking the officer of the device."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop.app import App
from desktop.language import say, tr
from desktop.theme import LARGE, MEDIUM, SMALL, Look
from desktop.views.dialogs import Sheet
from desktop.widgets.basics import Card, button, text_label
from forms.definition import Catalog
from forms.vietnamese import fold
from sync.protocol import Officer

LEAST_PASSPHRASE = 8  # letters
TYPED_SECONDS = 1.5  # after a longer pause a name is begun anew


class GateCard(QWidget):
    """A card in the middle of an empty window, with a heading and one sentence."""

    def __init__(self, look: Look, heading: str, about: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.look = look
        self.card = Card(look, padding=LARGE + 6)
        self.card.body.setSpacing(look.px(MEDIUM))
        self.card.setFixedWidth(look.px(460))
        brand = text_label(tr("frame.brand"), "heading")
        self.card.body.addWidget(brand)
        self.heading = text_label(heading, "title", wrap=True)
        self.card.body.addWidget(self.heading)
        self.about = text_label(about, "quiet", wrap=True)
        self.card.body.addWidget(self.about)
        self.problem = text_label("", "problem", wrap=True)
        self.problem.hide()
        column = QVBoxLayout(self)
        column.addStretch(2)
        across = QHBoxLayout()  # an alignment would take the card's guess of its height, and cut the words that wrap
        across.addStretch(1)
        across.addWidget(self.card)
        across.addStretch(1)
        column.addLayout(across)
        column.addStretch(3)

    def say_problem(self, text: str) -> None:
        self.problem.setText(f"! {text}")
        self.problem.setVisible(bool(text))


class Unlock(GateCard):
    """Asks for the passphrase; ``given`` carries it to whoever can try it in the background."""

    given = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, tr("frame.unlock"), tr("frame.unlock_about"), parent)
        self.text = QLineEdit()
        self.text.setEchoMode(QLineEdit.EchoMode.Password)
        self.text.setAccessibleName(tr("frame.passphrase"))
        self.text.setPlaceholderText(tr("frame.passphrase"))
        self.text.returnPressed.connect(self._give)
        self.card.body.addWidget(self.text)
        self.card.body.addWidget(self.problem)
        row = QHBoxLayout()
        show = button(tr("frame.show_passphrase"), self._toggle, kind="flat")
        self.open = button(tr("frame.unlock_do"), self._give, kind="main")
        row.addWidget(show)
        row.addStretch(1)
        row.addWidget(self.open)
        self.card.body.addLayout(row)

    def focus_first(self) -> None:
        self.text.setFocus()

    def refuse(self, text: str) -> None:
        self.wait(False)
        self.say_problem(text)
        self.text.selectAll()
        self.text.setFocus()

    def wait(self, waiting: bool) -> None:
        """Deriving the key takes a second on an old PC."""
        self.text.setEnabled(not waiting)
        self.open.setEnabled(not waiting)
        self.open.setText(tr("frame.unlocking") if waiting else tr("frame.unlock_do"))

    def _give(self) -> None:
        if self.text.text():
            self.say_problem("")
            self.wait(True)
            self.given.emit(self.text.text())

    def _toggle(self) -> None:
        hidden = self.text.echoMode() == QLineEdit.EchoMode.Password
        self.text.setEchoMode(QLineEdit.EchoMode.Normal if hidden else QLineEdit.EchoMode.Password)


def officer_buttons(
    officers: Sequence[Officer], catalog: Catalog, last: str, choose: Callable[[Officer], object]
) -> list[QPushButton]:
    """One button an officer; whoever worked last comes first and has the focus."""
    labels = {role.id: say(role.label) for role in catalog.roles}
    made = []
    for officer in sorted(officers, key=lambda officer: officer.id != last):
        roles = ", ".join(labels.get(role, role) for role in officer.roles)
        text = f"{officer.name}\n{roles}" if roles else officer.name
        one = button(text, partial(choose, officer))
        one.setStyleSheet("text-align: left; min-height: 2.9em")  # two lines, also where room is short
        one.setToolTip(roles)
        one.setAccessibleName(text)
        made.append(one)
    return made


class OfficerList(QScrollArea):
    """The officers' buttons one under the other; scrolls where a PC has more officers than the screen has room for."""

    def __init__(self, look: Look, buttons: Sequence[QPushButton]) -> None:
        super().__init__()
        self._wide = look.px(400)
        self._beside = look.px(28)  # a button's own edges
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self._inside = QWidget()
        self._buttons, self._typed, self._typed_at = buttons, "", 0.0
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.px(SMALL))
        for one in buttons:
            one.installEventFilter(self)
            one.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # long roles: the tip has them
            column.addWidget(one)
        self.setWidget(self._inside)
        self.viewport().setAutoFillBackground(False)
        self._inside.setAutoFillBackground(False)

    def sizeHint(self) -> QSize:
        return QSize(self._wide, self._inside.sizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        """The arrow keys move the focus without scrolling to it; a line too long for its button ends in three dots. Who types
        his name stands on it."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._find(event):
            return True
        if event.type() == QEvent.Type.Resize and isinstance(watched, QPushButton):
            metrics, room = watched.fontMetrics(), watched.width() - self._beside
            whole = watched.accessibleName() or watched.text()
            lines = (metrics.elidedText(line, Qt.TextElideMode.ElideRight, room) for line in whole.split("\n"))
            watched.setText("\n".join(lines))
        if event.type() == QEvent.Type.FocusIn and isinstance(watched, QPushButton):
            self.ensureWidgetVisible(watched, 0, watched.height())
        return super().eventFilter(watched, event)

    def _find(self, event: QKeyEvent) -> bool:
        """To the first officer with a word that begins with what is typed in one go; marks need not be typed. A space in a
        name presses nothing."""
        now = time.monotonic()
        typed = self._typed if now - self._typed_at < TYPED_SECONDS else ""
        plain = not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
        if not plain or not (event.text().isalpha() or (typed and event.text() == " ")):
            return False
        self._typed, self._typed_at = typed + fold(event.text()), now
        for one in self._buttons:
            name = fold(one.accessibleName().partition("\n")[0])
            if f" {self._typed}" in f" {name}":
                one.setFocus(Qt.FocusReason.OtherFocusReason)
                break
        return True


class SignIn(GateCard):
    """Picks the officer before the workspace opens."""

    chosen = Signal(object)  # Officer

    def __init__(
        self, look: Look, officers: Sequence[Officer], catalog: Catalog, last: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, tr("frame.who"), tr("frame.who_about"), parent)
        self.buttons = officer_buttons(officers, catalog, last, self.chosen.emit)
        self.card.body.addWidget(OfficerList(look, self.buttons))

    def focus_first(self) -> None:
        if self.buttons:
            self.buttons[0].setFocus()


class OfferEnrolment(GateCard):
    """A PC that belongs to no ward yet: the city's address and the code it gave."""

    given = Signal(str, str)  # address, code

    def __init__(self, look: Look, url: str = "", parent: QWidget | None = None) -> None:
        """``url``: the address, where the office gave it; it is then not asked for."""
        super().__init__(look, tr("frame.enrol"), tr("frame.enrol_about"), parent)
        self.url, self.code = QLineEdit(url), QLineEdit()
        self.url.setReadOnly(bool(url))
        for field, name in ((self.url, "frame.address"), (self.code, "frame.enrol_code")):
            self.card.body.addWidget(text_label(tr(name), "label"))
            field.setAccessibleName(tr(name))
            field.returnPressed.connect(self._give)
            self.card.body.addWidget(field)
        self.url.setPlaceholderText("https://")
        self._secret = (text_label(tr("frame.new_passphrase"), "label"), QLineEdit())
        for part in self._secret:
            part.hide()
            self.card.body.addWidget(part)
        self._secret[1].setAccessibleName(tr("frame.new_passphrase"))
        self._secret[1].returnPressed.connect(self._give)
        self.card.body.addWidget(self.problem)
        self.do = button(tr("frame.enrol_do"), self._give, kind="main")
        self.card.body.addSpacing(look.px(SMALL))
        self.card.body.addWidget(self.do, 0, Qt.AlignmentFlag.AlignRight)

    def focus_first(self) -> None:
        (self.code if self.url.isReadOnly() else self.url).setFocus()

    @property
    def passphrase(self) -> str | None:
        """What the register here is to be opened with, where the system keeps no key."""
        return self._secret[1].text().strip() or None

    def ask_passphrase(self) -> None:
        """Shown as it is typed: it is made up here, and whoever mistypes it unseen would never open the register again."""
        for part in self._secret:
            part.show()
        self.refuse(tr("frame.no_vault"), self._secret[1])

    def refuse(self, text: str, at: QLineEdit | None = None) -> None:
        """``at``: the field that is to be put right; the hand goes there, else to the button, which tries again."""
        self.do.setEnabled(True)
        self.say_problem(text)
        if at is None or at.isReadOnly():
            self.do.setFocus()
        else:
            at.setFocus()
            at.selectAll()

    def _give(self) -> None:
        secret = self._secret[1]
        if not secret.isHidden() and len(secret.text().strip()) < LEAST_PASSPHRASE:
            self.refuse(tr("frame.passphrase_short", least=LEAST_PASSPHRASE), secret)
        elif not self.url.text().strip():
            self.url.setFocus()
        elif not self.code.text().strip():
            self.code.setFocus()
        else:
            self.do.setEnabled(False)
            self.say_problem("")
            self.given.emit(self._address(), self.code.text().strip())

    def _address(self) -> str:
        """As typed; the empty field shows https://, so that hardly anybody types it."""
        typed = self.url.text().strip()
        return typed if "://" in typed else f"https://{typed}"


class OfficerDialog(Sheet):
    """Changing officer on a shared PC; unsent work stays where it is."""

    def __init__(self, app: App, window: QWidget) -> None:
        super().__init__(app.look, tr("frame.switch_officer"), window)
        self._app = app
        self.body.addWidget(text_label(tr("frame.switch_about"), "quiet", wrap=True))
        enrolment = app.enrolment
        officers = enrolment.officers if enrolment else ()
        buttons = officer_buttons(officers, app.catalog, app.settings.last_officer, self._choose)
        self.body.addWidget(OfficerList(app.look, buttons))
        self.add_button(tr("frame.cancel"), self.reject)

    def _choose(self, officer: Officer) -> None:
        self.accept()
        self._app.sign_in(officer)
