"""An officer's own record, which papers take his post from: begun from the preview or by hand, it bears the id by which the
city names him, whichever PC makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.forms.record_page import RecordPage
from desktop.language import tr
from desktop.settings import Settings
from desktop.signers import OFFICER, Signer, make_own
from forms.definition import Catalog
from sync.clock import SystemClock
from sync.engine import Engine
from sync.gateway.server import GatewayServer
from sync.http import HttpTransport, enrol
from sync.protocol import Officer
from sync.store import Store
from sync.store.model import Draft, Enrolment, Save
from tests.desktop.forms.conftest import HA, KEY, NAM, dressed_app, page_of, settle, type_text
from tests.desktop.forms.test_signer_without_a_record import AWARD, preview_of
from tests.forms.catalog.conftest import examples_of

HEAD = Officer(id="o3", name="Bùi Thị Mẫu", roles=("office_head",), organisation="ubnd")
ROLES = ("vice_chair",)
WARD = "00070"


@pytest.fixture
def app(qapp: QApplication, tmp_path: Path, shipped: Catalog) -> Iterator[App]:
    """The PC of the head of the office, at which the vice chair works too."""
    with dressed_app(tmp_path, shipped) as made:
        made.store.update_enrolment(officers=(HEAD, structs.replace(NAM, roles=ROLES)))
        made.enrolment = made.store.enrolment
        made.sign_in(HEAD)
        yield made


def _filled(catalog: Catalog, **fields: Any) -> dict[str, Any]:
    example = examples_of(catalog, catalog.record_type(OFFICER))[0]["fields"]
    return {**{k: v for k, v in example.items() if not k.startswith("_")}, **fields}


def _by_hand(app: App, qtbot: QtBot, name: str = NAM.name) -> RecordPage:
    fields = _filled(app.catalog, full_name=name)
    return page_of(
        app, qtbot, OFFICER, None,
        Draft(id="hand", type=OFFICER, record_id=None, fields=fields, opened=None, updated_at="2026-11-23T02:30:00Z"),
    )  # fmt: skip


def _answering(words: str) -> list[str]:
    """Presses the button of the next question that reads so; what was asked."""
    asked: list[str] = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        asked.append(box.text())
        next(each for each in box.findChildren(QPushButton) if each.text() == words).click()

    QTimer.singleShot(0, press)
    return asked


def _save(app: App, page: RecordPage, qtbot: QtBot) -> None:
    page.save()
    settle(app, qtbot)


def test_from_the_preview_the_signers_own_record_is_made_and_the_paper_bears_his_post(
    app: App, shipped: Catalog, qtbot: QtBot
) -> None:
    awarded = app.store.save([Save(type="hr.emulation", fields=AWARD, state="awarded", number="003/2026")], HEAD)[0]
    preview = preview_of(app, awarded, qtbot)
    assert preview.notice.do is not None and NAM.name in preview.notice.do[0]
    assert preview.notice.do[0] in preview.notice.text.text()
    with qtbot.waitSignal(app.draft_requested) as asked:
        preview.notice.do[1]()
    assert not preview.isVisible()
    (draft,) = asked.args
    assert (draft.fields["full_name"], draft.fields["roles"]) == (NAM.name, list(ROLES))
    fields = _filled(shipped, position="Phó Chủ tịch", **draft.fields)
    page = page_of(app, qtbot, OFFICER, None, structs.replace(draft, fields=fields))
    _save(app, page, qtbot)
    assert page.record is not None and page.record.id == NAM.id
    again = preview_of(app, awarded, qtbot)
    assert "KT. CHỦ TỊCH\nPHÓ CHỦ TỊCH" in again.document.text.toPlainText()
    assert not again.notice.isVisible()
    again.reject()


def test_who_may_not_begin_such_records_is_offered_none(app: App, qtbot: QtBot) -> None:
    awarded = app.store.save([Save(type="hr.emulation", fields=AWARD, state="awarded", number="003/2026")], HEAD)[0]
    app.officer = HA
    preview = preview_of(app, awarded, qtbot)
    assert preview.notice.isVisible() and preview.notice.do is None
    preview.reject()


def test_what_was_begun_of_him_is_gone_on_with_and_saved_under_his_id(app: App, qtbot: QtBot) -> None:
    signer = Signer(NAM.id, NAM.name)
    with qtbot.waitSignal(app.draft_requested) as first:
        make_own(app, signer)
    begun = structs.replace(first.args[0], fields=_filled(app.catalog, full_name=NAM.name, position="Phó Chủ tịch"))
    app.store.drafts.put(begun)
    with qtbot.waitSignal(app.draft_requested) as second:
        make_own(app, signer)
    assert second.args[0] == begun
    page = page_of(app, qtbot, OFFICER, None, second.args[0])
    _save(app, page, qtbot)
    assert page.record is not None and page.record.id == NAM.id
    assert app.store.drafts.all() == ()
    with qtbot.waitSignal(app.open_requested) as opened:
        make_own(app, signer)
    assert opened.args == [NAM.id]


@pytest.mark.parametrize(("answer", "is_his"), [("form.own.yes", True), ("form.own.no", False)])
def test_a_record_made_by_hand_asks_once_whether_it_is_the_officers_own(
    app: App, qtbot: QtBot, answer: str, is_his: bool
) -> None:
    page = _by_hand(app, qtbot, NAM.name.upper())
    asked = _answering(tr(answer))
    _save(app, page, qtbot)
    assert len(asked) == 1 and NAM.name in asked[0]
    assert page.record is not None and (page.record.id == NAM.id) is is_his
    page.entry.set("position", "Phó Chủ tịch Thường trực")
    page.view.show_entry(page.entry)
    _save(app, page, qtbot)  # of a record nothing is asked: a question would stand open here
    assert page.record.fields["position"] == "Phó Chủ tịch Thường trực"


def test_who_thinks_better_of_it_has_saved_nothing_and_is_asked_again(app: App, qtbot: QtBot) -> None:
    page = _by_hand(app, qtbot)
    assert _answering(tr("form.own.back")) == []
    _save(app, page, qtbot)
    assert page.record is None and app.store.records.load(NAM.id) is None
    asked = _answering(tr("form.own.yes"))
    _save(app, page, qtbot)
    assert len(asked) == 1 and page.record is not None and page.record.id == NAM.id


@pytest.mark.parametrize("why", ["another name", "two of the name", "a record is there"])
def test_nothing_is_asked_where_it_is_nobodys_or_not_known_whose(app: App, qtbot: QtBot, why: str) -> None:
    if why == "two of the name":
        app.store.update_enrolment(officers=(HEAD, NAM, structs.replace(NAM, id="o4")))
        app.enrolment = app.store.enrolment
    elif why == "a record is there":
        app.store.save([Save(type=OFFICER, fields={"full_name": NAM.name}, id=NAM.id)], HEAD)
    page = _by_hand(app, qtbot, "Vũ Đức Nấm" if why == "another name" else NAM.name)
    _save(app, page, qtbot)
    assert page.record is not None and page.record.id not in (NAM.id, "o4")


class OtherPc:
    """A colleague's PC in the same ward, without a window."""

    def __init__(self, city: GatewayServer, folder: Path, catalog: Catalog, name: str) -> None:
        answer = enrol(city.url, city.enrolment_code(WARD, name, ("office_head",), "UBND"), folder.name)
        self.officer = answer.officer
        self.store = Store.create(folder, KEY, catalog, SystemClock())
        self.store.set_enrolment(Enrolment.of_answer(city.url, answer))
        self._line = HttpTransport(city.url, answer.token)
        self._engine = Engine(self.store, self._line)

    def sync(self) -> None:
        self._engine.sync_once()

    def close(self) -> None:
        self._line.close()
        self.store.close()


Pcs = Callable[[str], OtherPc]


@pytest.fixture
def pcs(tmp_path: Path, shipped: Catalog) -> Iterator[Pcs]:
    made: list[OtherPc] = []
    with GatewayServer(f"sqlite:///{tmp_path}/city.db", catalog=shipped) as city:

        def make(folder: str) -> OtherPc:
            made.append(OtherPc(city, tmp_path / folder, shipped, HEAD.name))
            return made[-1]

        yield make
        for pc in made:
            pc.close()


@pytest.fixture
def here(qapp: QApplication, tmp_path: Path, shipped: Catalog, pcs: Pcs) -> Iterator[tuple[App, OtherPc]]:
    """A window on one more PC of that officer."""
    pc = pcs("here")
    made = App(pc.store, shipped, SystemClock(), folder=tmp_path, settings=Settings(), officer=pc.officer)
    made.dress()
    yield made, pc
    made.close()


def _own_form(app: App, qtbot: QtBot, officer: Officer, **fields: str) -> RecordPage:
    with qtbot.waitSignal(app.draft_requested) as asked:
        make_own(app, Signer(officer.id, officer.name))
    draft = asked.args[0]
    return page_of(
        app, qtbot, OFFICER, None, structs.replace(draft, fields=_filled(app.catalog, **{**draft.fields, **fields}))
    )


def test_two_pcs_that_both_make_it_meet_in_one_record_and_what_differs_waits_for_a_person(
    here: tuple[App, OtherPc], pcs: Pcs, shipped: Catalog, qtbot: QtBot
) -> None:
    (app, pc), other = here, pcs("other")
    assert other.officer.id == pc.officer.id
    page = _own_form(app, qtbot, pc.officer, position="Phó Chủ tịch")
    _save(app, page, qtbot)
    theirs = _filled(shipped, full_name=pc.officer.name, position="Chánh Văn phòng")
    other.store.save([Save(type=OFFICER, fields=theirs, id=other.officer.id)], other.officer)
    other.sync()
    pc.sync()
    other.sync()
    for store in (pc.store, other.store):
        (record,) = store.records.find(OFFICER, full_name=pc.officer.name)
        assert (record.id, record.standing) == (pc.officer.id, "conflict")
        assert record.fields["position"] == "Chánh Văn phòng"
        assert [each.value for each in record.conflicts["position"]] == ["Phó Chủ tịch"]


def test_a_record_that_came_while_it_was_made_here_is_told_and_what_was_typed_stays(
    here: tuple[App, OtherPc], pcs: Pcs, shipped: Catalog, qtbot: QtBot
) -> None:
    (app, pc), other = here, pcs("other")
    page = _own_form(app, qtbot, pc.officer)
    page.view.build_all()
    page.body.go_to_field("position")
    typed = QApplication.focusWidget()
    assert isinstance(typed, QLineEdit)
    typed.selectAll()
    type_text(typed, "Phó Chủ tịch")
    theirs = _filled(shipped, full_name=pc.officer.name, position="Chánh Văn phòng")
    other.store.save([Save(type=OFFICER, fields=theirs, id=other.officer.id)], other.officer)
    other.sync()
    pc.sync()
    _save(app, page, qtbot)
    assert page.notice.text.text() == tr("form.own.there") and page.notice.do is not None
    with qtbot.waitSignal(page.open_requested) as opened:
        page.notice.do[1]()
    assert opened.args == [pc.officer.id]
    page.can_leave()
    (draft,) = app.store.drafts.all()
    assert draft.fields["position"] == "Phó Chủ tịch"
    record = app.store.records.load(pc.officer.id)
    assert record is not None and record.fields["position"] == "Chánh Văn phòng"
    assert app.store.drafts.get(record.id) is None, "the record's own page does not take it for a change of the record"
