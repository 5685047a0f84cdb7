"""When sample records begin, how far they have come, and when each step was taken: a year of an office that keeps up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from random import Random

from msgspec import Struct

from forms.calendar import WorkCalendar
from forms.definition import Action, RecordType, State
from forms.vietnamese import VIETNAM

_OPEN_AT_MOST = 60
_OVERDUE_SHARE = 0.08  # of the open ones
_VOID_SHARE = 0.02
_ASIDE_SHARE = 0.1  # of records that last: those that are elsewhere than where they rest
_WAYS = 3  # kept for each state
_DETOUR = 2.5  # main actions that one other is as long as
_YEAR = 245  # working days, about


class Life(Struct, frozen=True):
    """One record to be: where it stands at the end, from when to when."""

    state: str
    begun: datetime
    ended: datetime  # of the last step; never after the present
    fresh: datetime | None = None  # of an open record that should not be late: begin then when it would be

    def moment_of(self, step: int, steps: int, calendar: WorkCalendar) -> datetime:
        """When step ``step`` of ``steps`` was taken: evenly over the office time between beginning and end."""
        share = calendar.working_time(self.begun, self.ended) * step / max(1, steps)
        moment = calendar.add_working_time(self.begun, share)
        return min(moment.replace(second=0, microsecond=0), self.ended)


def lives(
    record_type: RecordType,
    usual: Mapping[str, float],
    n: int,
    *,
    random: Random,
    now: datetime,
    calendar: WorkCalendar,
) -> list[Life]:
    """``n`` lives in order of beginning. At most 60 are open, a few of them long enough to be overdue. ``usual``:
    how often a state is where a record rests; states that are not in it are left out."""
    now = now.astimezone(VIETNAM)
    states = _shares(record_type, usual, n, random)
    made = [_life(record_type, state, late, random=random, now=now, calendar=calendar) for state, late in states]
    return sorted(made, key=lambda life: life.begun)


def _shares(record_type: RecordType, usual: Mapping[str, float], n: int, random: Random) -> list[tuple[State, bool]]:
    """(state, begun long ago?) for each record."""
    reached = [state for state in record_type.states if state.id in usual]
    finals = [state for state in reached if state.kind == "final"]
    running = [state for state in reached if state.kind in ("draft", "open", "waiting")]
    voids = [state for state in reached if state.kind == "void"]
    count_void = round(n * _VOID_SHARE) if voids else 0
    if lasts(record_type) or not finals:
        rest = resting_state(record_type)
        others = [state for state in running + finals if state.id != rest]
        resting = record_type.state(rest) if rest in usual else reached[0]
        aside = [others and random.random() < _ASIDE_SHARE for _ in range(n - count_void)]
        chosen = [(random.choice(others) if each else resting, False) for each in aside]
    else:
        count_open = min(_OPEN_AT_MOST, round(n * 0.3)) if running else 0
        late = max(1, round(count_open * _OVERDUE_SHARE)) if count_open > 2 else 0
        main = main_way(record_type)
        likely = [1.0 if state.id in main else 0.25 for state in running]
        chosen = [(random.choices(running, likely)[0], place < late) for place in range(count_open)]
        chosen += [(_finished(finals, usual, random), False) for _ in range(n - count_open - count_void)]
    chosen += [(random.choice(voids), False) for _ in range(count_void)]
    return chosen


def lasts(record_type: RecordType) -> bool:
    """Whether its records stay by nature in a state that others come after (a citizen, a delegation, a thing in use)."""
    rest = resting_state(record_type)
    leads_on = any(rest in action.from_ and action.to not in ("=", rest) for action in record_type.actions)
    kinds = {state.id: state.kind for state in record_type.states}
    stays = [each for each in main_way(record_type) if kinds[each] != "draft"]
    stands = kinds[rest] != "final" and len(stays) <= 2  # after more steps it only waits for its end
    return record_type.deadline is None and (stands or (leads_on and stays[:1] == [rest]))


def resting_state(record_type: RecordType) -> str:
    """Where the main actions end."""
    return main_way(record_type)[-1]


def main_way(record_type: RecordType) -> list[str]:
    """The states that the main actions lead through, from the first. A register that begins in a final state stays there."""
    kinds = {state.id: state.kind for state in record_type.states}
    way = [record_type.initial_state]
    while kinds[way[0]] != "final":
        steps = [a for a in record_type.actions if way[-1] in a.from_ and a.to not in ("=", *way)]
        steps = [a for a in steps if kinds[a.to] != "void" and (a.main or kinds[way[-1]] == "draft")]
        if not steps:
            break
        way.append(min(steps, key=lambda a: not a.main).to)
    return way


def _finished(finals: list[State], usual: Mapping[str, float], random: Random) -> State:
    return random.choices(finals, [usual[state.id] for state in finals])[0]


def _life(
    record_type: RecordType, state: State, late: bool, *, random: Random, now: datetime, calendar: WorkCalendar
) -> Life:
    if late:
        back = random.randint(12, 30)
    elif state.kind == "draft" or (state.kind in ("open", "waiting") and not lasts(record_type)):
        back = random.choice((0, 0, 1, 1, 2, 3))
    else:
        back = random.randint(1, _days_back(now.date()))
    begun = _working_moment(random, now, back, calendar)
    hours = random.choice((1, 2, 4, 8, 16, 24, 32)) if state.kind == "final" else random.choice((1, 2, 3, 6))
    ended = min(calendar.add_working_time(begun, timedelta(hours=hours)), now)
    running = state.kind in ("draft", "open", "waiting")
    fresh = _working_moment(random, now, 0, calendar) if running and not late else None
    return Life(state.id, begun, max(begun, ended), fresh)


def _days_back(today: date) -> int:
    """Working days that registers reach back: this year's, so that they hold one book; early in a year, a year's."""
    gone = (today - date(today.year, 1, 1)).days
    return gone * _YEAR // 366 if gone > 150 else _YEAR


def _working_moment(random: Random, now: datetime, back: int, calendar: WorkCalendar) -> datetime:
    """An office moment ``back`` working days before ``now``, and not after it."""
    day = calendar.add_working_days(now.date(), -back) if back else now.date()
    if not calendar.is_working_day(day):
        day = calendar.add_working_days(day, -1)
    opening = datetime.combine(day, calendar.hours_on(day).periods[0][0], VIETNAM)
    closing = min(datetime.combine(day, calendar.hours_on(day).periods[-1][1], VIETNAM), now)
    if closing <= opening:  # early in the morning: the day before
        return _working_moment(random, now, back + 1, calendar)
    share = calendar.working_time(opening, closing) * random.random()
    return calendar.add_working_time(opening, share).replace(second=0, microsecond=0)


def usual_weight(record_type: RecordType, route: tuple[Action, ...]) -> float:
    """Most records go the way of the main actions, and all of it; some end otherwise, few go on after their end."""
    kinds = {state.id: state.kind for state in record_type.states}
    share = 1.0 if all(a.main for a in route) else 0.05 if any(kinds[a.to] == "final" for a in route[:-1]) else 0.2
    return (len(route) + 0.1) ** 2 * share


def ways_of(record_type: RecordType) -> dict[str, tuple[tuple[Action, ...], ...]]:
    """Up to three ways by actions from the first state to every state that has one, the most usual first."""
    ways: dict[str, list[tuple[Action, ...]]] = {}
    queue: list[tuple[float, int, str, tuple[Action, ...]]] = [(0.0, 0, record_type.initial_state, ())]
    order = 0  # of actions alike, the one that stands first
    while queue:
        cost, _, state, way = heappop(queue)
        if len(ways.setdefault(state, [])) == _WAYS:
            continue
        ways[state].append(way)
        passed = {record_type.initial_state, *(action.to for action in way)}
        for action in record_type.actions:
            if state in action.from_ and action.to not in ("=", *passed):
                order += 1
                heappush(queue, (cost + (1 if action.main else _DETOUR), order, action.to, (*way, action)))
    return {state: tuple(found) for state, found in ways.items()}
