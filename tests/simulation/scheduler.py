"""Actors on one thread, a clock that only the scheduler moves, and dice that a seed rolls.

An actor is a greenlet that gives way at known points alone (``pause``, ``sleep``), so that one seed always gives one run.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from typing import Any

import greenlet


class Crash(BaseException):
    """The process this actor belongs to ends here, without a word."""


class _Greenlet(greenlet.greenlet):  # type: ignore[misc]
    actor: Actor | None = None


class Actor:
    """Something that goes on by itself. ``owner``: the process it dies with."""

    def __init__(self, scheduler: Scheduler, name: str, run: Callable[[], None], owner: object) -> None:
        self.name, self.owner = name, owner
        self.dead = False
        self.turn = 0  # of the sleep it is in: an older entry in the queue means nothing
        self._scheduler = scheduler
        self._run = run
        self.greenlet = _Greenlet(self._body)
        self.greenlet.actor = self

    def _body(self) -> None:
        try:
            self._run()
        except Crash:
            pass
        except BaseException as error:
            error.add_note(f"in {self.name}")
            self._scheduler.failure = self._scheduler.failure or error
        finally:
            self.dead = True
            self._scheduler.actors.discard(self)


class Scheduler:
    """``now`` is in virtual seconds since ``start``. ``trace``: lines of what happened, newest last."""

    def __init__(self, seed: int, start: datetime) -> None:
        self.random = random.Random(seed)
        self.start = start
        self.now = 0.0
        self.actors: set[Actor] = set()
        self.failure: BaseException | None = None
        self.trace: list[str] = []
        self._queue: list[tuple[float, int, Actor]] = []
        self._turn = 0
        self._hub = greenlet.getcurrent()

    def moment(self) -> datetime:
        return self.start + timedelta(seconds=self.now)

    def note(self, who: str, what: str) -> None:
        self.trace.append(f"{self.now:9.2f}  {who:<8} {what}")

    def spawn(self, name: str, run: Callable[[], None], owner: object, after: float = 0.0) -> Actor:
        actor = Actor(self, name, run, owner)
        self.actors.add(actor)
        self._wake(actor, after)
        return actor

    def _wake(self, actor: Actor, after: float) -> None:
        self._turn += 1
        actor.turn = self._turn
        heapq.heappush(self._queue, (self.now + after, self._turn, actor))

    def wake(self, actor: Actor) -> None:
        """End its sleep: what it waits for has happened."""
        if not actor.dead:
            self._wake(actor, 0.0)

    @property
    def current(self) -> Actor | None:
        return getattr(greenlet.getcurrent(), "actor", None)

    def sleep(self, seconds: float) -> None:
        """Give way for so long. Outside an actor (a run that is being ended) only the clock moves."""
        actor = self.current
        if actor is None:
            self.now += seconds
            return
        if actor.dead:
            raise Crash
        self._wake(actor, seconds)
        self._hub.switch()

    def pause(self, most: float = 0.2) -> None:
        """Give way shortly: whatever else is due may happen first."""
        self.sleep(self.random.random() * most)

    def kill(self, owner: object) -> None:
        """End every actor of a process; the caller, if he is one of them, has to raise ``Crash`` himself."""
        mine = self.current
        for actor in sorted((a for a in self.actors if a.owner is owner and a is not mine), key=lambda a: a.name):
            actor.dead = True
            self.actors.discard(actor)
            if actor.greenlet:  # it had begun: let it unwind
                actor.greenlet.parent = greenlet.getcurrent()
                actor.greenlet.throw(Crash)

    def end(self) -> None:
        """Nothing goes on after this."""
        for actor in list(self.actors):
            actor.dead = True
            if actor.greenlet:
                actor.greenlet.parent = greenlet.getcurrent()
                actor.greenlet.throw(Crash)
        self._queue = []

    def run(self, until: Callable[[], bool]) -> None:
        """Let them act until ``until`` holds or nobody has anything to do. Raises what an actor raised."""
        while self._queue and not until():
            now, turn, actor = heapq.heappop(self._queue)
            if actor.dead or turn != actor.turn:
                continue
            self.now = now
            actor.greenlet.parent = self._hub
            actor.greenlet.switch()
            if self.failure is not None:
                raise self.failure


class ClockOf:
    """A ``sync.clock.Clock`` that goes with the scheduler, wrong by ``skew`` seconds."""

    def __init__(self, scheduler: Scheduler, skew: float = 0.0) -> None:
        self._scheduler = scheduler
        self.skew = skew

    def now(self) -> datetime:
        return self._scheduler.moment() + timedelta(seconds=self.skew)


class Beside(Executor):
    """An executor whose one worker is an actor: what is submitted goes on while its owner does something else."""

    def __init__(self, scheduler: Scheduler, name: str, owner: object) -> None:
        self._scheduler, self._name, self._owner = scheduler, name, owner
        self._begun: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Awaited(self._scheduler)
        self._begun.append(future)

        def work() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except Crash:
                raise
            except BaseException as error:
                future.set_exception(error)

        self._scheduler.spawn(self._name, work, self._owner, self._scheduler.random.random() * 0.2)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        for future in self._begun if wait else ():
            future.exception()


class Awaited(Future[Any]):
    """Waiting for it gives way."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__()
        self._scheduler = scheduler
        self._waiting: list[Actor] = []
        self.add_done_callback(lambda _: [scheduler.wake(actor) for actor in self._waiting])

    def wait(self, seconds: float) -> bool:
        """Whether it came within so long."""
        until = self._scheduler.now + seconds
        while not self.done() and self._scheduler.now < until:
            if (actor := self._scheduler.current) is not None:
                self._waiting.append(actor)
            self._scheduler.sleep(until - self._scheduler.now)
            if actor is not None:
                self._waiting.remove(actor)
        return self.done()

    def result(self, timeout: float | None = None) -> Any:
        while not self.wait(60.0):
            pass
        return super().result(0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        while not self.wait(60.0):
            pass
        return super().exception(0)


MORNING = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
NEW_YEARS_EVE = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)
"""Half an hour before midnight in Hanoi: the year's books end while people work."""
