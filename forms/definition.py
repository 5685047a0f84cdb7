"""What a tool is, as frozen data.

A tool is a folder under ``forms/catalog/`` (promise 5: adding one needs no Python). ``forms.loader`` reads its YAML
into the structs below; nothing else builds them outside tests. Every string that holds a rule is a CEL expression over
the record's fields (see ``forms.expressions``). Order matters in three places: fields and sections are shown in the
order written, and ``states`` are written in the normal order of the work, so "from state X on" means X and every state
written after it, those of kind ``void`` excepted.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field
from msgspec.structs import force_setattr

from forms.field_definition import Choice, DataClass, Field, Message, Section
from forms.flow_definition import Flow
from forms.label import Label
from forms.office_definition import DatedValue, DayOverride, Delegations, OfficeHours, Role, Scope, Service
from forms.report_definition import Report, ReportRegister

StateKind = Literal["draft", "open", "waiting", "final", "void"]


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

    def is_for_state(self, state: str | None) -> bool:
        """Whether it may be printed of a record in this state, as far as that goes."""
        return not self.states or state in self.states


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
