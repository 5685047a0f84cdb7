"""What officers do all day, through the real forms and the real store: one act at a time, chosen by the dice."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from forms.calendar import calendar_of
from forms.definition import RecordType
from forms.entry import EntryContext, RecordEntry, RuleError
from sync.protocol import Officer, SyncError
from sync.store.model import Draft, HistoryRow, Record, Save, SaveRefused, StoreError
from tests.simulation.city_side import scan_of
from tests.simulation.pc import Pc
from tests.simulation.scheduler import Scheduler
from tests.simulation.second_thoughts import SecondThoughts

CITIZEN, DOSSIER = "residence.citizen", "onestop.dossier"
COPY, LETTER = "certification.cert_copy", "petitions.letter"
NUMBERS = ("001190000017", "001090000024", "001190000031")
"""Citizen numbers that people at several counters bring: one person made twice is expected."""
TEXTS = {CITIZEN: ("full_name", "street", "house", "job", "work"), COPY: ("doc_title", "place", "shelf")}
TEXTS |= {DOSSIER: ("subject", "note", "remark"), LETTER: ("sender", "about")}
COUNTS = {DOSSIER: ("fee", "copies"), COPY: ("pages",)}


class OfficerAtWork:
    """``habits``: of the offices of this run, what they do much of and what little; None: some of everything."""

    def __init__(
        self, pc: Pc, scheduler: Scheduler, counts: dict[str, int], habits: random.Random | None = None
    ) -> None:
        self._pc, self._scheduler, self._counts = pc, scheduler, counts
        self._dice = scheduler.random
        self._second_thoughts = SecondThoughts(pc, scheduler, counts, self._someone, self._word)
        self._acts: list[tuple[float, Callable[[], None]]] = [
            (6, self._begin_citizen), (6, self._begin_dossier), (9, self._begin_copies), (2, self._begin_letter),
            (16, self._edit), (8, self._open_form), (12, self._act), (9, self._resolve), (9, self._correct),
            (5, self._merge), (2, self._void), (1, self._draft), (1, self._history), (1, self._confirm_clock),
            (5, self._attach), (4, self._want_file), (14, self._check),
            (6, self._second_thoughts.give_up), (1, self._second_thoughts.give_book_back),
        ]  # fmt: skip
        if habits is not None:
            self._acts = [(n * habits.choice((0.2, 1, 1, 5)), act) for n, act in self._acts]

    def act(self, work: Callable[[], None] | None = None) -> None:
        """One act, of his own choice or this one; what the rules or the store refuse is not done."""
        if work is None:
            work = self._chosen()
        try:
            work()
        except RuleError:
            self._counts["rule refused"] += 1
        except SaveRefused:
            self._counts["save refused"] += 1
        except StoreError as error:
            self._counts[f"save failed: {error.code}"] += 1
            self._scheduler.note(self._pc.name, f"save failed: {error.code}")

    def _chosen(self) -> Callable[[], None]:
        (work,) = self._dice.choices([w for _, w in self._acts], [n for n, _ in self._acts])
        if self._refused() and self._dice.random() < 0.3:  # the outbox says so in red
            work = self.second_thought()
        return work

    def second_thought(self) -> Callable[[], None]:
        """On what the city refused."""
        return self._dice.choice((self._correct, self._second_thoughts.give_up, self._second_thoughts.give_up))

    # beginning

    def _begin_citizen(self) -> None:
        number = self._dice.choice(NUMBERS) if self._dice.random() < 0.4 else None
        self._begin(CITIZEN, {"full_name": self._word(), "personal_id": number, "street": self._word()}, rows=True)

    def _begin_dossier(self) -> None:
        values: dict[str, Any] = {"subject": self._word(), "fee": self._dice.randrange(20), "copies": 1}
        values["applicant_ref"] = self._any_id(CITIZEN)
        self._begin(DOSSIER, values, action="accept" if self._dice.random() < 0.5 else None)

    def _begin_copies(self) -> None:
        """Several papers of one visit are one save."""
        action = "certify" if self._dice.random() < 0.6 else None
        officer = self._someone(COPY)
        papers = [
            {"doc_title": self._word(), "pages": self._dice.randrange(9)} for _ in range(self._dice.choice((1, 1, 2)))
        ]
        self._save([self._begun(COPY, values, officer, action) for values in papers], officer, papers[0])

    def begin_paper(self) -> None:
        """One that waits to be decided."""
        self._begin(COPY, {"doc_title": self._word()})

    def sign_paper(self) -> None:
        """One that is begun and signed at once; he has looked at the clock."""
        self._confirm_clock()
        self._begin(COPY, {"doc_title": self._word()}, action="certify")

    def _begin_letter(self) -> None:
        self._begin(LETTER, {"sender": self._word(), "about": self._word()})

    def _begin(self, type_id: str, values: dict[str, Any], *, action: str | None = None, rows: bool = False) -> None:
        officer = self._someone(type_id)
        self._save([self._begun(type_id, values, officer, action, rows)], officer, values)

    def _begun(
        self, type_id: str, values: dict[str, Any], officer: Officer, action: str | None, rows: bool = False
    ) -> Save:
        entry = RecordEntry(self._type(type_id), self._pc.store.catalog, self._context(officer))
        for name, value in values.items():
            entry.set(name, value)
        if rows:
            for _ in range(self._dice.randrange(3)):
                entry.add_row("phones", {"kind": "nhà", "line": self._word()})
        if action is not None:
            entry.perform(action, officer)
        blocking = [p for p in entry.problems() if p.blocks]
        if blocking:
            raise RuleError(blocking)
        return Save(type=type_id, fields=entry.fields, action=action)

    # going on

    def _open_form(self) -> None:
        """It stays open while others, and the sync, go on."""
        record = self._any_record()
        if record is not None:
            self._pc.opened = [*self._pc.opened[-4:], record]

    def _edit(self) -> None:
        stale = self._pc.opened and self._dice.random() < 0.4
        record = self._dice.choice(self._pc.opened) if stale else self._any_record()
        if record is None:
            return
        if stale:
            self._counts["stale form saved"] += 1
        officer = self._someone(record.type)
        entry = self._entry(record, officer)
        wanted: dict[str, Any] = {}
        for name in self._names(record.type, self._dice.choice((1, 1, 2))):
            wanted[name] = self._dice.randrange(20) if name in COUNTS.get(record.type, ()) else self._word()
            entry.set(name, wanted[name])
        wanted = {name: value for name, value in wanted.items() if record.fields.get(name) != value}
        if record.type == CITIZEN and self._dice.random() < 0.3:
            self._edit_rows(entry)
        self._save(Save(type=record.type, fields=entry.fields, opened=record), officer, wanted)

    def _edit_rows(self, entry: RecordEntry) -> None:
        rows = entry.rows("phones")
        choice = self._dice.random()
        if not rows or choice < 0.4:
            entry.add_row("phones", {"kind": "di động", "line": self._word()})
        elif choice < 0.8:
            entry.set(f"phones/{self._dice.choice(rows)}/line", self._word())
        else:
            entry.remove_row("phones", self._dice.choice(rows))

    def _act(self) -> None:
        record = self._any_record(DOSSIER, COPY, LETTER)
        if record is None:
            return
        officer = self._someone(record.type)
        possible = [a for a in self._type(record.type).actions if record.state in a.from_]
        if not possible:
            return
        action = self._dice.choice(possible)
        entry = self._entry(record, officer)
        entry.perform(action.id, officer, {name: self._word() for name in action.asks})
        self._save(Save(type=record.type, fields=entry.fields, opened=record, action=action.id), officer)

    def _check(self) -> None:
        """A paper that waits, best one that another counter has taken up as well; sometimes signed at once, or turned down."""
        waiting = [r for r in self._pc.store.records.find(COPY, cert_no=None) if r.state == "new" and r.revision]
        if not waiting:
            return
        taken_up = self._pc.accounts.taken_up
        record = min(waiting, key=lambda r: (r.id not in taken_up, r.id))
        taken_up.add(record.id)
        self.take(record, *self._dice.choice((("check", "certify"), ("check", "certify"), ("check",), ("refuse",))))

    def take(self, record: Record, *actions: str) -> None:
        """These actions on a paper, one after the other."""
        for action in actions:
            officer = self._someone(COPY)
            entry = self._entry(record, officer)
            entry.perform(action, officer, {"reason": self._word()} if action == "refuse" else {})
            self._save(Save(type=COPY, fields=entry.fields, opened=record, action=action), officer)
            found = self._pc.store.records.load(record.id)
            assert found is not None
            record = found

    def _merge(self) -> None:
        """The same person stands here twice: one of the two goes into the other."""
        for number in NUMBERS:
            same = [r for r in self._pc.store.records.find(CITIZEN, personal_id=number) if r.state == "active"]
            if len(same) > 1:
                first, second = self._dice.sample(same, 2)
                officer = self._someone(CITIZEN)
                entry = self._entry(first, officer)
                entry.perform("merge", officer, {"merged_into": second.id})
                self._counts["person merged"] += 1
                self._save(Save(type=CITIZEN, fields=entry.fields, opened=first, action="merge"), officer)
                return

    def _void(self) -> None:
        record = self._any_record(DOSSIER, COPY)
        if record is not None:
            save = Save(type=record.type, fields=record.fields, opened=record, kind="void", reason=self._word())
            self._save(save, self._someone(record.type))

    def _resolve(self) -> None:
        clashing = self._pc.store.records.conflicts(5).records
        if not clashing:
            return
        record = self._dice.choice(clashing)
        fields = dict(record.fields)
        from sync.difference import put_path

        for path, candidates in record.conflicts.items():
            if self._dice.random() < 0.6:
                put_path(fields, path, self._dice.choice(candidates).value)
        self._counts["conflict resolved"] += 1
        self._save(Save(type=record.type, fields=fields, opened=record, kind="resolve"), self._someone(record.type))

    def _refused(self) -> list[HistoryRow]:
        return [row for row in self._pc.store.changes.outbox() if row.status == "refused"]

    def _correct(self) -> None:
        """What the city refused is sent once more, as it is or with another word."""
        refused = self._refused()
        if not refused:
            return
        record = self._pc.store.records.load(self._dice.choice(refused).change.record_id)
        if record is None:
            return
        if self._dice.random() < 0.5 or record.type not in TEXTS:
            self._counts["refused sent again"] += 1
            self._pc.store.changes.retry(record.id)
            return
        officer = self._someone(record.type)
        entry = self._entry(record, officer)
        name = self._names(record.type, 1)[0]
        word = self._dice.randrange(20) if name in COUNTS.get(record.type, ()) else self._word()
        entry.set(name, word)
        wanted = {name: word} if record.fields.get(name) != word else {}
        self._counts["refused corrected"] += 1
        self._save(Save(type=record.type, fields=entry.fields, opened=record), officer, wanted)

    def _attach(self) -> None:
        """A scan, sometimes the same to two dossiers."""
        record = self._any_record(DOSSIER)
        if record is None:
            return
        officer = self._someone(DOSSIER)
        size = self._dice.choice((0, 60, 900, 3000))
        content = b"%PDF-1.7\n" + (self._dice.randbytes(size) or b"the same page")
        entry = self._entry(record, officer)
        digest = self._pc.store.files.put(content)
        entry.put("scan", scan_of(content))
        self._save(Save(type=DOSSIER, fields=entry.fields, opened=record), officer)
        self._counts["file attached"] += 1
        self._pc.accounts.attached.append((digest, self._pc.name, record.id))

    def _want_file(self) -> None:
        record = self._any_record(DOSSIER)
        scan = record.fields.get("scan") if record else None
        if scan:
            self._pc.store.files.want(scan["sha256"])

    def _draft(self) -> None:
        self._pc.store.drafts.put(
            Draft(id="d", type=CITIZEN, record_id=None, fields={"full_name": self._word()}, opened=None, updated_at="")
        )

    def _history(self) -> None:
        record = self._any_record()
        if record is not None and record.revision:
            self._pc.look_at(record.id)  # the syncs to come bring it too, and what is new of it
            try:
                self._pc.store.changes.add_history(self._pc.line().history(record.id))
            except SyncError:
                return
            self._counts["history fetched"] += 1

    def _confirm_clock(self) -> None:
        officer = self._dice.choice(self._pc.officers) if self._pc.officers else None
        self._pc.store.numbers.confirm_clock(officer)

    # what they work with

    def _save(self, saves: Save | list[Save], officer: Officer, wanted: dict[str, Any] | None = None) -> None:
        pc = self._pc
        saves = [saves] if isinstance(saves, Save) else saves
        records, save = pc.store.save(saves, officer), saves[0]
        what = save.action or save.kind if save.opened else f"begin {save.action or ''}"
        self._scheduler.note(
            pc.name, f"saved: {what} {save.type} {records[0].id[-6:]} {wanted or ''} {records[0].number or ''}"
        )
        if any(row.change.record_id == records[0].id for row in pc.store.changes.outbox()[:-1]):
            self._counts["edited before it was sent"] += 1
        pc.accounts.saved(pc, records, wanted)

    def _entry(self, record: Record, officer: Officer) -> RecordEntry:
        record_type = self._type(record.type)
        context = self._context(officer)
        return RecordEntry(
            record_type, self._pc.store.catalog, context, fields=record.fields, state=record.state,
            number=record.number, id=record.id,
        )  # fmt: skip

    def _context(self, officer: Officer) -> EntryContext:
        store = self._pc.store
        enrolment = store.enrolment
        return EntryContext(
            now=store.clock.now,
            ward={"code": enrolment.ward if enrolment else "", "name": "", "org_code": "", "place": {}},
            officer=officer,
            resolve=store.records.resolve,
            calendar=calendar_of(store.catalog),
            find=store.records.others,
        )

    def _type(self, type_id: str) -> RecordType:
        return self._pc.store.catalog.record_type(type_id)

    def _someone(self, type_id: str) -> Officer:
        """An officer of this PC whose roles open the register. Raises RuleError."""
        scope = self._type(type_id).scope
        opens = {role.id for role in self._pc.store.catalog.roles if scope in role.scopes}
        mine = [o for o in self._pc.officers if opens & set(o.roles)]
        if not mine:
            raise RuleError([])
        return self._dice.choice(mine)

    def _names(self, type_id: str, count: int) -> list[str]:
        known = self._type(type_id).field_map
        names = [n for n in (*TEXTS[type_id], *COUNTS.get(type_id, ())) if n in known]
        return self._dice.sample(names, count)

    def _word(self) -> str:
        """Mostly one of its own, so that history can be asked for it; sometimes what others write too."""
        own = f"v{self._dice.randrange(10**6)}{len(self._scheduler.trace)}"
        return own if self._dice.random() < 0.9 else "Đường"

    def _any_id(self, type_id: str) -> str | None:
        found = self._any_record(type_id)
        return found.id if found else None

    def _any_record(self, *types: str) -> Record | None:
        types = types or tuple(TEXTS)  # the notes on books are nobody's to edit
        where = f"WHERE type IN ({', '.join('?' * len(types))})"
        with self._pc.store._context.readers.connection() as db:
            rows = db.execute(f"SELECT id FROM records {where} ORDER BY id DESC LIMIT 5", types).fetchall()
        return self._pc.store.records.load(self._dice.choice(rows)[0]) if rows else None
