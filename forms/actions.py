"""Taking an action on a record: who may, what stands in its way, what it writes."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from forms.calculation import STOPS, longer
from forms.checks import broken
from forms.definition import Action
from forms.entry_context import OFFICER_FACTS, ActionOffer, OfficerLike, Problem, RuleError, facts
from forms.label import Label
from forms.messages import message, missing
from forms.signed_steps import is_taken, note
from forms.vietnamese_dates import moment_text

if TYPE_CHECKING:
    from forms.entry import RecordEntry

FROZEN = "_frozen"  # {ref field: {field: value as signed}}; of a list of references {ref field: {id: {field: value}}}


def actions(entry: RecordEntry, officer: OfficerLike) -> list[ActionOffer]:
    """Offers in the order written. What the action will itself ask for or write is not in its way."""
    problems = functools.cache(entry.problems)  # several actions lead to the same state
    with _AsOfficer(entry, officer):
        return [
            ActionOffer(action, tuple(_in_the_way(entry, action, officer, problems)), is_taken(entry, action, officer))
            for action in entry.record_type.actions
            if entry.state in action.from_
        ]


def _in_the_way(
    entry: RecordEntry, action: Action, officer: OfficerLike, problems: Callable[[str], list[Problem]]
) -> list[Problem]:
    found = _not_allowed(entry, action, officer)
    filled = {*action.asks, *action.sets}
    found += _unguarded(entry, action, filled)
    later = [p for p in problems(target_of(entry, action)) if _name(p) not in filled]
    fields = entry.record_type.field_map
    if filled and any(name in fields and fields[name].calculate for name in map(_name, later)):
        counted = _counted_from(entry, filled)
        later = [p for p in later if _name(p) not in counted]
    return [*found, *later]


def _name(problem: Problem) -> str:
    return problem.path.partition("/")[0]


def _counted_from(entry: RecordEntry, names: set[str]) -> set[str]:
    """The fields that are calculated, directly or not, from ``names``: what they will be shows when the action is taken."""
    rules = {key: plan.calculate.reads for key, plan in entry.plan.fields.items() if plan.calculate and not plan.group}
    found: set[str] = set()
    while more := {name for name, reads in rules.items() if name not in found and reads & (names | found)}:
        found |= more
    return found


def target_of(entry: RecordEntry, action: Action) -> str:
    return entry.state if action.to == "=" else action.to


def _not_allowed(entry: RecordEntry, action: Action, officer: OfficerLike) -> list[Problem]:
    found = []
    if action.roles and not set(action.roles) & set(officer.roles):
        found.append(Problem("", message("wrong_role", roles=_role_names(entry, action.roles))))
    elif action.not_by and _person_at(entry.values.get(action.not_by)) == officer.id:
        label = entry.record_type.field(action.not_by).label
        found.append(Problem(action.not_by, message("same_officer", label=label)))
    return found


def _role_names(entry: RecordEntry, roles: Iterable[str]) -> Label:
    labels = {role.id: role.label for role in entry.catalog.roles}
    named = [labels.get(role, Label(role, role)) for role in roles]
    return Label(", ".join(label.vi for label in named), ", ".join(label.en for label in named))


def _person_at(value: Any) -> Any:
    return value.get("officer") if isinstance(value, dict) else value


def _unguarded(entry: RecordEntry, action: Action, unknown: set[str]) -> list[Problem]:
    """Guards that do not hold; before the officer has been asked, those over what will be asked are left for then."""
    rules = entry.plan.actions[action.id].guards
    now = tuple(rule for rule in rules if rule.expression.reads.isdisjoint(unknown))
    return list(broken(now, entry.values.variables, ""))


def perform(entry: RecordEntry, action_id: str, officer: OfficerLike, inputs: Mapping[str, Any]) -> None:
    """See ``RecordEntry.perform``."""
    action = next((a for a in entry.record_type.actions if a.id == action_id), None)
    if action is None:
        raise RuleError([Problem("", message("unknown_action", name=action_id))])
    state = entry.record_type.state(entry.state)
    if state.id not in action.from_:
        raise RuleError([Problem("", message("wrong_state", action=action.label, state=state.label))])
    before = entry.snapshot()
    try:
        with _AsOfficer(entry, officer):
            _take(entry, action, officer, inputs)
    except BaseException:
        entry.restore(before)
        raise


def _take(entry: RecordEntry, action: Action, officer: OfficerLike, inputs: Mapping[str, Any]) -> None:
    _refuse(_not_allowed(entry, action, officer))
    for path, value in inputs.items():
        if path in action.asks:
            entry.put(path, value)
        else:
            entry.set(path, value)
    _refuse(_unguarded(entry, action, set()))
    for name, value in entry.plan.actions[action.id].sets.items():
        entry.put(name, value.evaluate(entry.values.variables))
    target = target_of(entry, action)
    _refuse([*_unanswered(entry, action), *entry.problems(target), *_unread(entry, action)])
    _freeze(entry, action)
    note(entry, action)
    if target != entry.state:
        _keep_clock(entry, target)
        entry.move(target)


def _refuse(problems: list[Problem]) -> None:
    if any(problem.blocks for problem in problems):
        raise RuleError(list(dict.fromkeys(problem for problem in problems if problem.blocks)))


def _unanswered(entry: RecordEntry, action: Action) -> list[Problem]:
    """What the action asks for and nobody gave; a field that applies neither before nor after is not missed (a reason
    for refusal applies only once it is refused)."""
    target = target_of(entry, action)
    fields = entry.record_type.field_map
    return [
        Problem(name, missing(fields[name].label, fields[name].type))
        for name in action.asks
        if entry.get(name) in (None, []) and (entry.is_relevant(name) or entry.is_relevant(name, target))
    ]


def _unread(entry: RecordEntry, action: Action) -> list[Problem]:
    """What was given and could not be read; into a void state too."""
    found = (entry.problem(name) for name in action.asks if entry.raw(name) is not None)
    return [problem for problem in found if problem]


def _freeze(entry: RecordEntry, action: Action) -> None:
    """Keeps what referenced records said when this was signed: paper that was issued must print the same again."""
    if not action.freezes:
        return
    frozen = dict(entry.values.values.get(FROZEN) or {})
    for name, wanted in action.freezes.items():
        value = entry.values.get(name)
        if isinstance(value, list):
            frozen[name] = {item: kept for item in value if (kept := _kept(entry, item, wanted)) is not None}
        elif (kept := _kept(entry, value, wanted)) is not None:
            frozen[name] = kept
    entry.values.values[FROZEN] = frozen


def _kept(entry: RecordEntry, reference: Any, wanted: Iterable[str]) -> dict[str, Any] | None:
    fields = entry.context.resolve(reference) if isinstance(reference, str) else None
    if fields is None:
        return None
    return {key: copy.deepcopy(fields[key]) for key in wanted if fields.get(key) is not None}


def _keep_clock(entry: RecordEntry, target: str) -> None:
    """Notes when the deadline stops and moves it when it runs again (a supplement or a payment was awaited)."""
    deadline = entry.record_type.deadline
    if deadline is None:
        return
    ran, runs = entry.record_type.state(entry.state).clock, entry.record_type.state(target).clock
    if ran == runs:
        return
    stops = [list(stop) for stop in entry.values.values.get(STOPS) or ()]
    now = moment_text(entry.context.now())
    if ran:
        stops.append([now, None])
    elif stops and stops[-1][1] is None:
        stops[-1][1] = now
        due = entry.values.get(deadline.field)
        if due is not None:
            entry.write(deadline.field, longer(entry, due, stops[-1][0], now))
    entry.values.values[STOPS] = stops


class _AsOfficer:
    """Lets rules see whoever acts, for as long as the action takes."""

    def __init__(self, entry: RecordEntry, officer: OfficerLike) -> None:
        self._entry = entry
        self._officer = officer

    def __enter__(self) -> None:
        self._entry.values.variables.set("officer", facts(self._officer, OFFICER_FACTS))

    def __exit__(self, *_: object) -> None:
        self._entry.values.variables.set("officer", facts(self._entry.context.officer, OFFICER_FACTS))
