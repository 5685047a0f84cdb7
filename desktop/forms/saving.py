"""From a press of the button to "saved": commit what is typed, ask what is missing, confirm, write, tell.

The action is tried on a copy of the entry, so that a save that fails leaves the form exactly as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject

from desktop.following import with_followers, write
from desktop.forms.action_bar import is_own, main_offer
from desktop.forms.dialogs import AskDialog, ask_whose, confirm, mended_at
from desktop.forms.entries import copy_entry
from desktop.forms.papers import of_lists
from desktop.language import say, say_error, tr
from desktop.models.dates import clock_time
from desktop.signers import own_id, perhaps_own
from forms.definition import Action
from forms.entry import Problem, RecordEntry, RuleError
from forms.signed_steps import is_overtaken
from sync.locked_fields import AWAITING
from sync.store.model import Record, Save, SaveRefused

if TYPE_CHECKING:
    from desktop.forms.record_page import RecordPage


class SavingFlow(QObject):
    def __init__(self, page: RecordPage) -> None:
        super().__init__(page)
        self._page = page
        self.is_busy = False
        self._action: Action | None = None
        self._is_first = False  # nothing of it was saved before
        self._place = ""  # the field one stood in when the save began
        self._own: str | None = None  # the id of an officer's own record that is being made
        self._not_own = ""  # the draft of which somebody said that it is of a namesake

    def run(self, action_id: str | None = None) -> None:
        page = self._page
        if self.is_busy or page.app.officer is None:
            return
        page.view.flush()
        page.problems.clear()
        if self._stands_unpicked():
            return
        action = page.record_type.action(action_id) if action_id else None
        entry = page.entry if action is None else self._after(action)
        if entry is None or (action is None and not self._may_save()):
            return
        self._write(entry, action)

    def _stands_unpicked(self) -> bool:
        """Text in a line that only picks: saving would leave it out, so the officer is asked first."""
        page = self._page
        left = page.view.unsettled()
        for path, text in left.items():
            page.view.show_refused({path: tr("form.picker.unpicked", text=text)})
            page.body.go_to_field(path)
            return True
        return False

    def _may_save(self) -> bool:
        """A plain save writes whatever obeys the rules of the present state."""
        page = self._page
        if not page.is_changed and page.record is not None:
            page.app.notice(tr("form.save.nothing"))
            return False
        blocking = [p for p in page.entry.problems() if p.blocks]
        if blocking:
            self._tell(tr("form.save"), blocking)
        return not blocking

    def _after(self, action: Action) -> RecordEntry | None:
        """The entry as the action leaves it; None when the officer has to mend something or thought better of it."""
        page, officer = self._page, self._page.app.officer
        if officer is None:
            return None
        offer = next((o for o in page.entry.actions(officer) if o.action.id == action.id), None)
        blocking = [p for p in offer.problems if p.blocks] if offer else []
        if offer is None or blocking:
            self._tell(say(action.label), blocking, own=offer is None or is_own(offer, officer))
            return None
        inputs: dict[str, Any] = {}
        ticked = all(
            page.entry.get(name) is True for name in action.asks
        )  # is asked no more, while the text is the same
        if not ticked or is_overtaken(page.entry, action.asks):
            about = self._about() if action.danger else ""
            dialog = AskDialog(page.app, action, copy_entry(page.app, page.entry), page, about)
            if dialog.exec() != AskDialog.DialogCode.Accepted:
                return None
            inputs = dialog.inputs
        if action.danger and not inputs and not confirm(page, action, self._about()):
            return None
        trial: RecordEntry = copy_entry(page.app, page.entry)
        try:
            trial.perform(action.id, officer, inputs)
        except RuleError as error:
            self._tell(say(action.label), error.problems)
            return None
        return trial

    def _about(self) -> str:
        """The record as an officer calls it."""
        page = self._page
        parts = (say(page.record_type.label), page.entry.title, page.record.number if page.record else "")
        return " · ".join(part for part in parts if part)

    def _write(self, entry: RecordEntry, action: Action | None) -> None:
        page, officer = self._page, self._page.app.officer
        if officer is None:
            return
        named = self._named(entry)
        if named is False:
            return
        self.is_busy = True
        self._action, self._place = action, page.view.walk.here
        page.header.set_busy(True)
        page.drafts.pause()
        action_id = action.id if action else None
        self._is_first = page.opened is None
        save = Save(type=page.record_type.id, fields=entry.fields, opened=page.opened, id=named, action=action_id)
        store, draft = page.app.store, page.drafts.draft_id
        saves = with_followers(save, entry, store, officer, page.app.may_begin)
        task = page.app.background.run(lambda: write(store, saves, officer, draft=draft), page)
        task.then(self._saved).failed(self._failed)

    def _named(self, entry: RecordEntry) -> str | Literal[False] | None:
        """The id that an officer's own record is to bear; None: any. False: the officer thought better of saving."""
        page, draft_id = self._page, self._page.drafts.draft_id
        self._own = None
        if page.opened is not None:
            return None
        self._own = own_id(draft_id)
        if self._own is None and draft_id != self._not_own:
            officer = perhaps_own(page.app, page.record_type.id, entry.fields)
            if officer is None:
                return None
            is_his = ask_whose(page, officer.name)
            if is_his is None:
                return False
            if is_his:
                self._own = officer.id
            else:
                self._not_own = draft_id
        return self._own

    def _saved(self, records: tuple[Record, ...]) -> None:
        page, action = self._page, self._action
        self._settle()
        page.after_save(records[0])
        page.notice.say(self._told(records), "blue")
        page.focus_again(self._place)
        page.main_key.acted()
        page.tell_rest_of_visit = action is not None and action.takes_number
        if action is not None and action.prints:
            page.printing.show_soon(*action.prints)

    def _told(self, records: Sequence[Record]) -> str:
        """What has happened: the action by its name, where the record stands now, its number, what was made with it."""
        page, action, record = self._page, self._action, records[0]
        time = clock_time(page.app.clock.now())
        if action is None:
            parts = [tr("form.save.done", time=time), *(self._asked_of() if self._is_first else ())]
        else:
            if action.to == "=":
                parts = [tr("form.save.acted_here", action=say(action.label), time=time), *self._then(action)]
            else:
                state = say(page.record_type.state(record.state).label)
                parts = [tr("form.save.acted", action=say(action.label), time=time, state=state)]
            if action.takes_number and record.number:
                parts.append(tr("form.save.numbered", number=record.number))
            elif action.takes_number and AWAITING in record.fields:
                parts.append(tr("form.save.unnumbered"))
            if together := of_lists(page.record_type, record, action.prints):
                parts.append(tr("form.print.together", papers=", ".join(f"“{say(p.label)}”" for p in together)))
        if len(records) > 1:
            parts.append(tr("form.next.also", titles=", ".join(r.title for r in records[1:])))
        return " ".join(parts)

    def _then(self, taken: Action) -> list[str]:
        """After a main step that leaves the state as it was, and the same button on the page: what comes next, and by whom.
        Of what is done beside the way (a mistake was found) nothing follows: least of all that the paper be handed over."""
        if not taken.main:
            return []
        officer = self._page.app.officer
        offers = self._page.entry.actions(officer) if officer is not None else []
        following = next((o.action for o in offers if o.action.main and not o.done and o.action.id != taken.id), None)
        return self._next(following)

    def _asked_of(self) -> list[str]:
        """Of something new that somebody else decides: by whom; one's own next step stands on its button."""
        officer = self._page.app.officer
        main = main_offer(self._page.entry.actions(officer), officer) if officer is not None else None
        return [] if main is None or is_own(main, officer) else self._next(main.action)

    def _next(self, following: Action | None) -> list[str]:
        app, officer = self._page.app, self._page.app.officer
        if officer is None or following is None:
            return []
        if not following.roles or set(officer.roles) & set(following.roles):
            return [tr("form.save.then", action=say(following.label))]
        roles = ", ".join(say(role.label) for role in app.catalog.roles if role.id in following.roles)
        return [tr("form.save.then_by", action=say(following.label), roles=roles)]

    def _failed(self, error: Exception) -> None:
        page = self._page
        self._settle()
        page.main_key.failed()
        page.drafts.touch()
        if not self._tell_made_elsewhere():
            page.notice.say(tr("form.save.refused", reason=say_error(error)), "red")
        page.focus_again(self._place)
        if isinstance(error, SaveRefused) and error.problems:
            page.view.show_refused({p.field: say(p.label) for p in error.problems if p.field})
            page.body.go_to_field(error.problems[0].field)

    def _tell_made_elsewhere(self) -> bool:
        """An officer's own record that came from another PC while it was made here: what was typed stays as a draft."""
        page, own = self._page, self._own
        if own is None or page.opened is not None or page.app.load(own) is None:
            return False
        do = (tr("form.own.open"), lambda: page.open_requested.emit(own))
        page.notice.say(tr("form.own.there"), "amber", do)
        return True

    def _settle(self) -> None:
        self.is_busy = False
        self._page.header.set_busy(False)

    def _tell(self, action: str, problems: Sequence[Problem], *, own: bool = True) -> None:
        """A plain list, and the first field to mend in focus. ``own``: whether the officer's roles may take the action."""
        page = self._page
        page.view.show_refused({p.path: say(p.message) for p in problems if p.path})
        page.problems.show_problems(action, problems, page.entry, own=own)
        if page.notice.do is None and page.notice.property("kind") == "blue":
            page.notice.clear()  # what went well before would stand below what did not now
        first = next((place for p in problems if (place := mended_at(page.entry, p))), None)
        if first is not None:
            page.body.go_to_field(first)
