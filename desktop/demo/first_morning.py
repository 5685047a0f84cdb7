"""The first morning of a ward, walked through the real window: the line is cut, the work goes on, nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from desktop.demo.city import DemoCity
from desktop.demo.hand import Hand, HandError, is_open
from desktop.demo.people import CIVIL_STATUS, RECEPTION, VICE_CHAIR, DemoOfficer
from desktop.demo.ward import SampleWard
from desktop.forms.entries import new_entry
from desktop.forms.record_page import RecordPage
from desktop.screens import wait_until
from forms.definition import Action, RecordType
from forms.entry import RecordEntry
from sync.store.model import Record

_TRIES = 40  # samples looked through for one that the officer could type in today
_ANSWERED = 15.0  # seconds the services may take


class Work(Struct, frozen=True):
    """One kind of record and the states it is taken through, one action each."""

    type_id: str
    who: DemoOfficer
    states: tuple[str, ...]
    like: str  # the state whose samples it is filled in like: what is needed later is asked for now
    printout: str
    picture: str


DOSSIER = Work("onestop.dossier", RECEPTION, ("accepted",), "accepted", "mau_01", "tiep-nhan-ho-so")
COPY = Work(
    "certification.cert_copy", CIVIL_STATUS, ("checking", "certified"), "certified", "loi_chung", "chung-thuc-ban-sao"
)
SIGNED = "signed"  # the state in which a birth goes to the civil-status service
BIRTH = Work("civil_status.birth", CIVIL_STATUS, ("checking",), "signed", "proof", "chuan-bi-khai-sinh")
PAPERS_OF_VISIT = 3


class FirstMorning:
    """Told in the order an officer lives it. Needs a filled ward, a window on it, and the city."""

    def __init__(self, hand: Hand, city: DemoCity, ward: SampleWard, folder: Path) -> None:
        self._hand = hand
        self._app = hand.app
        self._city = city
        self._ward = ward
        self._folder = folder

    def walk(self) -> list[str]:
        """The whole morning; ids of the records made while the line was cut."""
        hand, app = self._hand, self._app
        app.start_sync()
        self._sync()
        hand.picture("hom-nay")
        self._city.cut_line()
        app.sync_now()
        wait_until(lambda: app.line.state == "down", longest=10)
        hand.picture("mat-mang")
        already = self._waiting()
        self._take_in(DOSSIER)
        self._certify_visit()
        birth = self._take_in(BIRTH)
        hand.go("outbox")
        hand.picture("cho-gui")
        made = [record_id for record_id in self._waiting() if record_id not in already]
        self._city.restore_line()
        self._sync()
        hand.picture("da-gui")
        self._sign_birth(birth)
        self._wait_for_services(made)
        self._sync()
        hand.go("today")
        hand.picture("co-mang-lai")
        return made

    def _sync(self) -> None:
        """One whole sync by the workspace's own thread."""
        reports: list[object] = []
        worker = self._app.sync
        if worker is None:
            raise HandError("the workspace does not sync")
        worker.finished.connect(reports.append)
        worker.request()
        done = wait_until(lambda: bool(reports) and not self._waiting(), longest=20)
        worker.finished.disconnect(reports.append)
        if not done:
            raise HandError(f"the line did not come back: {self._app.line.reason}")

    def _waiting(self) -> list[str]:
        """Records with a change that the city has not answered, each once, in order."""
        rows = self._app.store.changes.outbox()
        return list(dict.fromkeys(row.change.record_id for row in rows if row.status == "pending"))

    def _take_in(self, work: Work) -> Record:
        """One record from an empty form to the last state of ``work``, and its paper."""
        record_type = self._app.catalog.record_type(work.type_id)
        self._sign_in(work.who)
        values = self._typed_today(record_type, work)
        page = self._hand.begin(work.type_id)
        self._hand.fill(page, values)
        self._hand.picture(work.picture)
        record = self._carry(page, work, values)
        self._print(page, work, f"{work.picture}.pdf")
        return record

    def _certify_visit(self) -> None:
        """One visitor with three papers: three lines of the book in a row."""
        record_type = self._app.catalog.record_type(COPY.type_id)
        page: RecordPage | None = None
        self._sign_in(COPY.who)
        for number in range(1, PAPERS_OF_VISIT + 1):
            values = self._typed_today(record_type, COPY, skip=number)
            page = self._hand.begin(COPY.type_id) if page is None else self._hand.next_of_visit(page)
            self._hand.fill(page, values)
            if number == 1:
                self._hand.picture(COPY.picture)
            self._carry(page, COPY, values)
            self._print(page, COPY, f"{COPY.picture}-{number}.pdf", picture=number == PAPERS_OF_VISIT)
        self._hand.picture("ca-luot")

    def _sign_birth(self, birth: Record) -> None:
        """With the line back the vice chair signs what was prepared, and it goes to the civil-status service."""
        self._sign_in(VICE_CHAIR)
        page = self._hand.open(birth.id)
        action = self._able(page.entry, SIGNED)
        if action is None:
            raise HandError(f"{birth.type}: {VICE_CHAIR.name} cannot sign it")
        self._hand.press(page, action, _answers(page, action.asks, {}))
        self._hand.picture("ky-khai-sinh")
        self._hand.close_preview()
        self._sync()

    def _carry(self, page: RecordPage, work: Work, values: Mapping[str, Any]) -> Record:
        """Through the states of ``work`` by the form's own buttons, signing in whoever may press them."""
        record = page.record
        for state in work.states:
            action = self._able(page.entry, state)
            if action is None:
                problems = "; ".join(p.message.vi for p in page.entry.problems(state) if p.blocks)
                raise HandError(f"{work.type_id}: {work.who.name} cannot bring it to {state}: {problems}")
            record = self._hand.press(page, action, {**values, **_answers(page, action.asks, values)})
            if state != work.states[-1]:
                self._hand.close_preview()
        if record is None:
            record = self._hand.press(page, None, values)
        return record

    def _print(self, page: RecordPage, work: Work, name: str, *, picture: bool = True) -> None:
        offered = [p.id for p in page.record_type.printouts if p.over != "list"]
        if not offered:
            return
        printout = work.printout if work.printout in offered else offered[0]
        self._hand.print_pdf(page, printout, self._folder / name, f"in-{work.picture}" if picture else "")

    def _typed_today(self, record_type: RecordType, work: Work, skip: int = 0) -> dict[str, Any]:
        """What an officer would type for an invented case of today: a sample whose values the empty form takes."""
        samples = self._ward.samples(record_type, _TRIES, f"morning-{skip}")
        wanted = sorted(samples, key=lambda sample: bool(sample["state"] != work.like))
        for sample in wanted:
            values = {k: v for k, v in sample["fields"].items() if not k.startswith("_")}
            if self._takes(record_type, values, work.states[0]):
                return values
        raise HandError(f"{work.type_id}: no sample fits an empty form")

    def _takes(self, record_type: RecordType, values: Mapping[str, Any], state: str) -> bool:
        entry = new_entry(self._app, record_type)
        for field in record_type.fields:
            if field.name in values and is_open(entry, field.name):
                entry.set(field.name, values[field.name])
        return self._able(entry, state) is not None

    def _able(self, entry: RecordEntry, state: str) -> Action | None:
        """The action to ``state`` that whoever is signed in may take now."""
        officer = self._app.officer
        offers = entry.actions(officer) if officer else []
        return next((offer.action for offer in offers if offer.action.to == state and offer.enabled), None)

    def _sign_in(self, who: DemoOfficer) -> None:
        enrolment = self._app.store.enrolment
        for officer in enrolment.officers if enrolment else ():
            if officer.name == who.name:
                self._hand.sign_in(officer)

    def _wait_for_services(self, made: list[str]) -> None:
        """Until every delivery of this morning's records has been answered."""
        wanted = set(made)

        def answered() -> bool:
            mine = [d for d in self._city.deliveries() if d["record_id"] in wanted]
            return bool(mine) and all(d["status"] in ("accepted", "refused") for d in mine)

        wait_until(answered, longest=_ANSWERED)


def _answers(page: RecordPage, asks: Sequence[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """What an action's dialog is answered with: the sample's value, yes to a tick, else the first choice."""
    answers: dict[str, Any] = {}
    for name in asks:
        field = page.record_type.field(name)
        if field.type == "bool":
            answers[name] = True
        elif name in values:
            answers[name] = values[name]
        elif field.type == "one_of" and page.entry.choices(name):
            answers[name] = page.entry.choices(name)[0].code
        elif field.type in ("text", "longtext"):
            answers[name] = "Đã kiểm tra"
    return answers
