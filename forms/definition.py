"""What a tool is, as frozen data.

A tool is a folder under ``forms/catalog/`` (promise 5: adding one needs no Python). ``forms.loader`` reads its YAML
into the structs below; nothing else builds them outside tests. Every string that holds a rule is a CEL expression over
the record's fields (see ``forms.expressions``). Order matters in three places: fields and sections are shown in the
order written, and ``states`` are written in the normal order of the work, so "from state X on" means X and every state
written after it, those of kind ``void`` excepted.
"""

import datetime
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field
from msgspec.structs import force_setattr

from forms.label import Label as Label  # noqa: PLC0414 - every struct's word, handed on from here
from forms.report_definition import Report, ReportRegister

FieldType = Literal[
    "text",  # one line, NFC, trimmed, single spaces
    "longtext",  # several lines, NFC
    "code",  # text with a pattern; never folded or re-cased
    "email",
    "int",
    "decimal",  # canonical text, e.g. "1.5"
    "percent",  # decimal 0..100
    "money",  # whole đồng, int
    "date",  # "2026-11-22"
    "date_partial",  # "1950", "1950-03" or "1950-03-07"
    "time",  # "14:30"
    "datetime",  # UTC "2026-11-22T07:30:00Z", shown +07:00
    "bool",
    "one_of",  # the code of a choice
    "many_of",  # codes in the order of the choice list
    "person",  # id of a residence.citizen
    "household",  # id of a residence.household
    "organisation",  # id of a residence.organisation
    "ref",  # id of a record of one of `targets` (empty: any type)
    "refs",  # list of such ids
    "citizen_number",  # 12 digits
    "tax_code",
    "phone",  # "+84912345678"; hotlines keep their digits
    "admin_unit",  # 5-digit commune code
    "address",  # {"unit": "00070", "detail": "12 Hàng Bài", "original": "…"}
    "file",  # {"sha256", "name", "size", "media_type"}
    "files",  # list of such
    "signature",  # {"officer": id, "name": "…", "at": datetime}: who signed the line, and when
    "group",  # repeating rows: [{"_id": row id, …}, …]
]
DataClass = Literal["public", "internal", "personal", "sensitive"]
StateKind = Literal["draft", "open", "waiting", "final", "void"]


class Choice(Struct, frozen=True):
    """One entry of a list. ``data`` carries what a ``choice_filter`` or a rule reads (``choice.parent``, ``choice.fee``)."""

    code: str
    label: Label
    data: dict[str, Any] = {}
    valid_from: str | None = None
    valid_to: str | None = None


class Message(Struct, frozen=True):
    """A rule that must hold, and what to tell the officer when it does not."""

    rule: str
    message: Label
    warn: bool = False  # True: shown, does not block (old data, legal exceptions)


class Field(Struct, frozen=True, kw_only=True):
    name: str
    type: FieldType
    label: Label
    hint: Label | None = None
    required: bool | str = False  # True, or CEL: required when it holds
    required_from: str | None = None  # state from which `required` binds; default: the first state that is not a draft
    locked_from: str | None = None  # state from which the field can no longer be edited
    relevant: str | None = None
    constraints: tuple[Message, ...] = ()
    calculate: str | None = None  # the field is then read-only, unless `overridable`
    overridable: bool = False  # an officer may type over the calculation; clearing brings it back
    default: str | None = None  # CEL, evaluated once when the record is begun
    pattern: str | None = None  # regular expression the whole text must match
    choices: tuple[Choice, ...] = ()
    choice_list: str | None = None  # a shared list of the catalogue instead of `choices`
    choice_filter: str | None = None  # CEL over `choice` and the fields: cascades
    targets: tuple[str, ...] = ()  # record types a ref may point to
    fields: "tuple[Field, ...]" = ()  # columns of a group
    min_rows: int = 0
    data_class: DataClass | None = None  # default: the record type's
    masked: bool = False  # shown as 001090****** in lists, pickers, search hits; exports are whole, to be read again
    owner: str = "officer"  # "officer", "engine", or the id of the service whose value wins
    merge_group: str | None = None  # fields with the same name here merge together (amount and unit)
    search: bool = False  # its text is found by the search box
    width: Literal[3, 4, 6, 8, 9, 12] = 6  # twelfths of the form's width
    suggest: bool = False  # offer values used before in this field
    carry: bool = False  # kept when the next line of the same visit is begun
    was: str | None = None  # the first name the field had, when it is called otherwise now; it stays at later renamings
    retired: bool = False  # no longer asked for or shown in the form; what records hold of it is kept


class Section(Struct, frozen=True):
    id: str
    label: Label
    fields: tuple[Field, ...]
    relevant: str | None = None


class State(Struct, frozen=True):
    id: str
    label: Label
    kind: StateKind = "open"
    locked: bool = False  # no field can be edited here, save those in `allows`
    allows: tuple[str, ...] = ()
    clock: bool = True  # False: the deadline stands still (a supplement is awaited)


class Action(Struct, frozen=True, kw_only=True):
    """A transition: one row of the form's action bar, of the palette and of ``sophuong act``."""

    id: str
    label: Label
    from_: tuple[str, ...] = field(name="from")
    to: str  # "=": the state stays (an extension, a note)
    roles: tuple[str, ...] = ()  # empty: every officer with a grant for the scope
    guard: tuple[Message, ...] = ()
    asks: tuple[str, ...] = ()  # fields asked for, and required, when the action is taken
    sets: dict[str, str] = {}  # field -> CEL, applied when the action is taken
    takes_number: bool = False  # the register gives its next number
    freezes: dict[str, tuple[str, ...]] = {}  # ref field -> fields of that record kept as signed, under "_frozen"
    prints: tuple[str, ...] = ()  # printouts offered right after
    main: bool = False  # F9
    danger: bool = False  # confirmed first (refuse, cancel)
    not_by: str | None = None  # signature or officer field: whoever stands there may not take this action
    icon: str = ""


class Register(Struct, frozen=True, kw_only=True):
    """A legal book and how its numbers run. Kinds are those of docs/architecture.md, "Register numbers"."""

    id: str
    kind: Literal["leased", "service", "local"]
    field: str  # the field that shows the number (cert_no, dossier_code, …)
    format: str  # "{n:04d}/{yyyy}": n, yyyy, yy, mm, dd, org, ward, device, book
    period: Literal["year", "day", "none"] = "year"
    series_by: str | None = None  # one_of field: the numbers of each of its values run on their own
    book_format: str | None = None  # "{book:02d}/{yyyy}-SCT/BS"
    book_field: str | None = None
    book_size: int | None = None  # entries in a book before the next one is opened; None: until the year ends
    temporary_format: str | None = (
        None  # what the paper shows until the owner answers: "TMP-{device}-{yy}{mm}{dd}-{n:04d}"
    )
    temporary_field: str | None = None
    service: str | None = None  # who numbers, for kind "service"


class Deadline(Struct, frozen=True, kw_only=True):
    """When the record is due. ``amount`` and ``unit`` are CEL, so that a procedure can bring its own; without an
    ``amount`` the due moment is not computed: an officer writes it."""

    start: str  # field with the date or moment the clock starts
    field: str  # where the due moment is written
    amount: str | None = None
    unit: str = '"working_day"'  # CEL giving "working_hour", "working_day", "day" or "same_day"


class Column(Struct, frozen=True):
    field: str  # a field, or "_number", "_state", "_title", "_due", "_updated"
    width: int = 0  # in characters; 0: by content
    sort: bool = True


class Filter(Struct, frozen=True):
    id: str
    label: Label
    states: tuple[str, ...] = ()


class ListView(Struct, frozen=True):
    columns: tuple[Column, ...]
    sort: str = "-_updated"  # column, "-" in front: descending
    filters: tuple[Filter, ...] = ()


class Printout(Struct, frozen=True, kw_only=True):
    id: str
    label: Label
    template: str  # file in the tool's print/ folder
    over: Literal["record", "visit", "list"] = "record"  # one record; all of one visit; a selection (a register page)
    states: tuple[str, ...] = ()  # empty: any
    when: Message | None = (
        None  # of a printout over a record: for which records it is; its words say why not for others
    )
    landscape: bool = False
    paper: Literal["A4", "A5"] = "A4"
    proof: bool = False  # "BẢN KIỂM TRA": proof copy, not logged as issued
    number: bool = True  # False: a paper that does not carry the register's number, so that it waits for none
    blank: bool = False  # data only, on a numbered blank of the Ministry: each one used or spoiled is accounted for
    includes: dict[str, str] = {}  # name in the template -> "tool.record.ref_field": records that point at this one


class Delivery(Struct, frozen=True):
    """Which city service gets the record, once the city has accepted it in one of ``states``."""

    service: str
    states: tuple[str, ...]


class Alike(Struct, frozen=True, kw_only=True):
    """When two records may be one thing entered twice: all of ``fields`` have the same value, ``name`` is nearly the same,
    ``within`` lies no more than ``days`` apart. What is found is shown to a person; nothing is done by itself."""

    fields: tuple[str, ...]
    name: str | None = None
    within: str | None = None  # a date or moment
    days: int = 0
    unless: tuple[str, ...] = ()  # different values in one of these mean two


class Merging(Struct, frozen=True, kw_only=True):
    """How a record entered twice is made one with another: ``action`` asks for ``into``, the record that is kept, and leads
    to ``state``; ``undo`` takes it back. References are not rewritten: in that state its id means the other record."""

    action: str
    undo: str
    into: str
    state: str


class Messages(Struct, frozen=True, kw_only=True):
    """What of a record goes into which element of a document package (``out``: element -> CEL over the record), and what
    comes from one that a service sends (``in``: field -> CEL over ``message``). The elements stand in
    ``forms.document_messages``."""

    out: dict[str, str] = {}
    in_: dict[str, str] = field(name="in", default_factory=dict)


PUT_OFF = ("sections", "actions", "list_view", "rules", "printouts")
"""Parts of a record type that a start does not need: nine tenths of it."""


class RecordType(Struct, frozen=True, kw_only=True, dict=True):
    """One register of a tool. ``id`` is ``tool.record``.

    One that comes from the compiled catalogue reads the parts in PUT_OFF when the first of them is asked for, so that a
    start takes no longer for more registers. Whoever hands a record type to ``msgspec`` itself asks for ``sections`` first.
    """

    id: str
    label: Label
    title: str  # CEL: one line that names a record to a person
    sections: tuple[Section, ...]
    states: tuple[State, ...]
    actions: tuple[Action, ...]
    list_view: ListView
    scope: str = "open"
    data_class: DataClass = "internal"
    icon: str = "record"
    subtitle: str | None = None  # CEL: who it concerns
    rules: tuple[Message, ...] = ()  # over several fields
    register: Register | None = None
    deadline: Deadline | None = None
    printouts: tuple[Printout, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    messages: Messages | None = None
    duplicate: tuple[str, ...] = ()  # fields that together mean "the same one"
    alike: tuple[Alike, ...] = ()  # two records may be one: told to a person
    merging: Merging | None = None
    visit: str | None = None  # field that joins the lines of one visit
    in_rail: bool = True
    begun_by: tuple[str, ...] = ()  # roles that may begin a record; empty: all

    def put_off(self, read: Callable[[], "RecordType"]) -> None:
        """Forgets the parts in PUT_OFF until they are asked for; ``read`` gives the whole, the same each time."""
        self.__dict__["_read"] = read
        for part in PUT_OFF:
            vars(RecordType)[part].__delete__(self)

    if not TYPE_CHECKING:  # else every name would pass for an attribute

        def __getattr__(self, name: str) -> Any:
            read = self.__dict__.get("_read")
            if read is not None:  # two threads may both come here: they put in the same
                whole = read()
                for part in PUT_OFF:
                    force_setattr(self, part, getattr(whole, part))
                self.__dict__.pop("_read", None)
            return object.__getattribute__(self, name)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, RecordType):
            _ = self.sections, other.sections
        return super().__eq__(other)

    __hash__ = Struct.__hash__

    def __repr__(self) -> str:
        return f"RecordType({self.id!r})"

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Top-level fields in the order of the form."""
        return tuple(f for section in self.sections for f in section.fields)

    @cached_property
    def field_map(self) -> dict[str, Field]:
        """Top-level fields by name."""
        return {f.name: f for f in self.fields}

    def field(self, name: str) -> Field:
        """The top-level field; raises KeyError."""
        return self.field_map[name]

    def state(self, state_id: str) -> State:
        for s in self.states:
            if s.id == state_id:
                return s
        # of another pack: the record is shown with the bare code, and nothing in it can be edited here
        return State(state_id, Label(state_id, state_id), locked=True)

    def action(self, action_id: str) -> Action:
        for a in self.actions:
            if a.id == action_id:
                return a
        raise KeyError(f"{self.id}: action {action_id}")

    @property
    def initial_state(self) -> str:
        return self.states[0].id

    def reached(self, state_id: str | None, from_state: str | None) -> bool:
        """Whether ``state_id`` is ``from_state`` or stands after it in the normal order (void states never)."""
        if state_id is None or from_state is None:
            return False
        order = [s.id for s in self.states]
        if state_id not in order or from_state not in order:
            return False
        return self.state(state_id).kind != "void" and order.index(state_id) >= order.index(from_state)


class Flow(Struct, frozen=True, kw_only=True):
    """What comes next after a record in one of ``states``: another record begun (``link`` is its field that points back), or
    an action on the record that the field ``finds`` points at; where that action keeps the state, ``link`` is the target's
    ``refs`` field that names the records it was taken for. ``where`` and ``to_field`` are CEL over the source alone.

    A flow of mode ``batch`` is begun for all its sources at once, from the list of ``to``; its rules also know
    ``given``, what an officer answered to ``asks``."""

    id: str
    label: Label
    from_: str = field(name="from")  # record type of the tool the flow stands in; of a batch: any
    states: tuple[str, ...]
    where: str | None = None
    to: str | None = None  # record type begun or acted on
    to_field: str | None = None  # CEL that gives the record type instead of `to`
    link: str | None = None
    finds: str | None = None
    action: str | None = None  # taken on what is found; of a record begun by itself: taken at once
    sets: dict[str, str] = {}  # field of the next record -> CEL over the source
    roles: tuple[str, ...] = ()  # whose work it is; empty: whoever may begin it, or take the action
    mode: Literal["propose", "offer", "auto", "batch"] = "propose"  # offer: on its page alone, nobody waits for it
    asks: tuple[str, ...] = ()  # of a batch: fields of `to` that are given once for all
    once: tuple[str, ...] = ()  # of a batch: fields of `to` that together are made only once
    guard: tuple[Message, ...] = ()  # of a batch: what a source must fulfil; else it is left out, and told by name

    @property
    def key(self) -> str:
        """Names it in the whole catalogue."""
        return f"{self.from_}/{self.id}"


class Tool(Struct, frozen=True, kw_only=True):
    id: str
    label: Label
    short: Label  # what the rail shows
    group: str  # id of a rail group of the catalogue
    records: tuple[RecordType, ...] = ()
    reports: tuple[Report, ...] = ()
    flows: tuple[Flow, ...] = ()
    service: str | None = None  # the official system this tool stands in for
    icon: str = "tool"
    basis: tuple[str, ...] = ()  # law and circulars


class Role(Struct, frozen=True):
    """What an officer may do. ``scopes``: the streams the role may read and write."""

    id: str
    label: Label
    scopes: tuple[str, ...] = ()


class Scope(Struct, frozen=True):
    """A stream of a ward. A restricted one is granted only by a role that names it."""

    id: str
    label: Label
    restricted: bool = False


class DatedValue(Struct, frozen=True):
    """An amount that law sets for a time; ``valid_to`` is the last day. ``source`` is the law or decision."""

    key: str
    value: float | int | str
    valid_from: str
    valid_to: str | None = None
    source: str = ""


class Delegations(Struct, frozen=True, kw_only=True):
    """The register in which the chair's delegations stand (``delegated("what")``), and which of its fields say what."""

    record: str  # record type
    officer: str  # reference to the officer who may sign
    what: str  # many_of: what may be signed
    from_: str = field(name="from")  # first day
    to: str  # last day; empty: until it is ended
    states: tuple[str, ...]  # in which it holds


class Service(Struct, frozen=True):
    """A system of the city or the state that records are delivered to."""

    id: str
    label: Label


class DayOverride(Struct, frozen=True, kw_only=True):
    """One day that is off, or worked, against the rule; ``source`` is the document that says so."""

    date: datetime.date
    worked: bool
    vi: str
    en: str
    source: str


class OfficeHours(Struct, frozen=True, kw_only=True):
    """When the office works. ``begins`` is the day of the year (MM-DD) from which these hours hold."""

    periods: tuple[tuple[datetime.time, datetime.time], ...]
    due_at: datetime.time
    same_day_before: datetime.time
    begins: str = "01-01"
    source: str = ""


class Catalog(Struct, frozen=True, kw_only=True, dict=True):
    """All tools of a pack, with the lists they share."""

    version: str
    tools: tuple[Tool, ...]
    choices: dict[str, tuple[Choice, ...]]
    roles: tuple[Role, ...] = ()
    scopes: tuple[Scope, ...] = ()
    dated_values: tuple[DatedValue, ...] = ()
    services: tuple[Service, ...] = ()
    groups: dict[str, Label] = {}  # rail groups, in order
    delegations: Delegations | None = None
    report_register: ReportRegister | None = None
    book_notes: str | None = None  # record type that keeps what happens to legal books (forms/book_notes.py)
    workdays: tuple[DayOverride, ...] = ()  # over the program's own, day by day
    office_hours: tuple[OfficeHours, ...] = ()  # instead of the program's own
    folder: str = ""  # where the templates are

    @property
    def mark(self) -> str:
        """Names the files this was compiled from, as they were; empty for a catalogue made in another way."""
        mark: str = self.__dict__.get("_mark", "")
        return mark

    def put_mark(self, mark: str) -> None:
        """For the loader. It stays with this object: what is made from it by ``replace`` is another catalogue."""
        self.__dict__["_mark"] = mark

    def record_type(self, type_id: str) -> RecordType:
        """The record type called ``tool.record``; raises KeyError."""
        return self._by_id[type_id]

    def knows(self, type_id: str) -> bool:
        """Whether the type is in this pack; a record may be of a type that came or went with another one."""
        return type_id in self._by_id

    @cached_property
    def _by_id(self) -> dict[str, RecordType]:
        return {record.id: record for record in self.record_types}

    @property
    def flows(self) -> tuple[Flow, ...]:
        return tuple(flow for tool in self.tools for flow in tool.flows)

    def tool_of(self, type_id: str) -> Tool:
        tool_id = type_id.partition(".")[0]
        for tool in self.tools:
            if tool.id == tool_id:
                return tool
        raise KeyError(type_id)

    @cached_property
    def record_types(self) -> tuple[RecordType, ...]:
        return tuple(record for tool in self.tools for record in tool.records)

    def choices_of(self, f: Field) -> tuple[Choice, ...]:
        """The choices of a field, its own or the shared list it names."""
        return self.choices[f.choice_list] if f.choice_list else f.choices
