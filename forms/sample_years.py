"""When sample records begin, how far they have come, and when each step was taken: a year of an office that keeps up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

from msgspec import Struct

from forms.calendar import WorkCalendar
from forms.definition import Action, RecordType, State
from forms.vietnamese import VIETNAM

_OPEN_AT_MOST = 60
_OVERDUE_SHARE = 0.08  # of the open ones
_VOID_SHARE = 0.02


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
    """(state, begun long ago?) for each record. Records that stay open by nature (a citizen, a household) are known by
    having neither a deadline nor a register."""
    lasting = record_type.deadline is None and record_type.register is None
    reached = [state for state in record_type.states if state.id in usual]
    finals = [state for state in reached if state.kind == "final"]
    running = [state for state in reached if state.kind in ("draft", "open", "waiting")]
    voids = [state for state in reached if state.kind == "void"]
    standing = [state for state in running if state.kind != "draft"] or running
    count_void = round(n * _VOID_SHARE) if voids else 0
    if lasting or not finals:
        resting = standing[:1] or finals[:1] or reached[:1]
        rest = (standing + finals)[1:]
        chosen = [
            (random.choice(rest) if rest and random.random() < 0.08 else resting[0], False)
            for _ in range(n - count_void)
        ]
    else:
        count_open = min(_OPEN_AT_MOST, round(n * 0.3)) if running else 0
        late = max(1, round(count_open * _OVERDUE_SHARE)) if count_open > 2 else 0
        chosen = [(random.choice(running), place < late) for place in range(count_open)]
        chosen += [(_finished(finals, usual, random), False) for _ in range(n - count_open - count_void)]
    chosen += [(random.choice(voids), False) for _ in range(count_void)]
    return chosen


def _finished(finals: list[State], usual: Mapping[str, float], random: Random) -> State:
    return random.choices(finals, [usual[state.id] for state in finals])[0]


def _life(
    record_type: RecordType, state: State, late: bool, *, random: Random, now: datetime, calendar: WorkCalendar
) -> Life:
    if late:
        back = random.randint(12, 30)
    elif state.kind in ("draft", "open", "waiting") and (record_type.deadline or record_type.register):
        back = random.choice((0, 0, 1, 1, 2, 3))
    else:
        back = random.randint(1, 245)  # working days of a year, about
    begun = _working_moment(random, now, back, calendar)
    hours = random.choice((1, 2, 4, 8, 16, 24, 32)) if state.kind == "final" else random.choice((1, 2, 3, 6))
    ended = min(calendar.add_working_time(begun, timedelta(hours=hours)), now)
    running = state.kind in ("draft", "open", "waiting")
    fresh = _working_moment(random, now, 0, calendar) if running and not late else None
    return Life(state.id, begun, max(begun, ended), fresh)


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


def usual_weight(route: tuple[Action, ...]) -> float:
    """Most records go the way of the main actions, and all of it."""
    return (len(route) + 0.1) ** 2 * (1.0 if all(action.main for action in route) else 0.05)


def routes_of(record_type: RecordType) -> dict[str, tuple[Action, ...]]:
    """The shortest way by actions from the first state to every state that has one."""
    ways: dict[str, tuple[Action, ...]] = {record_type.initial_state: ()}
    queue = [record_type.initial_state]
    while queue:
        state = queue.pop(0)
        for action in record_type.actions:
            if state in action.from_ and action.to not in ("=", *ways):
                ways[action.to] = (*ways[state], action)
                queue.append(action.to)
    return ways
