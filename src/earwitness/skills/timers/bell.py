"""The bell: rings what is due on the device that set it, again and again until somebody says "stop".

It sleeps until the next thing is due, or something changed. What could not be told (the hub was down, the device
away) is told when it can be, with how late it is, for up to a day. Each moment it is in the database which timers
ring; only when the next ring is due is in memory.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from earwitness.kernel.clock import DAY, MINUTE, SECOND, Clock
from earwitness.kernel.errors import EarwitnessError
from earwitness.skills.timers.model import Kind, State, Timer
from earwitness.skills.timers.store import Timers
from earwitness.skills.timers.wording import rung

Announce = Callable[[str, str], Awaitable[bool]]
"""Speaks a text on a device now; False if the device is not connected."""
Zone = Callable[[str], tzinfo]
"""The time zone of a household."""
Pause = Callable[[asyncio.Event, float | None], Awaitable[None]]
"""Waits until the event is set, or so many seconds have passed (None: for the event alone)."""

LATE_MS = MINUTE  # from then on it is said how late it is
AWAY_MS = MINUTE  # how often a device that is away is tried; a connection is told of at once
GIVEN_UP_MS = DAY
LONGEST_SLEEP_MS = MINUTE  # somebody may set the machine's clock, which no one tells us


@dataclass(frozen=True, slots=True)
class Ring:
    """How often something rings, and for how long (ms)."""

    every_ms: int
    for_ms: int


RINGS = {
    Kind.TIMER: Ring(12 * SECOND, 10 * MINUTE),
    Kind.ALARM: Ring(15 * SECOND, 30 * MINUTE),
    Kind.REMINDER: Ring(MINUTE, MINUTE),  # said twice
}


async def pause(event: asyncio.Event, seconds: float | None) -> None:
    """Wait until the event is set, or so many seconds have passed."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


@dataclass(slots=True)
class Bell:
    """One a hub; lives on the event loop, the database work runs in threads."""

    timers: Timers
    clock: Clock
    zone: Zone
    pause: Pause = pause
    _again: dict[str, int] = field(default_factory=dict)  # timer → when it is rung again
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, announce: Announce) -> None:
        """Ring until cancelled."""
        while True:
            self._changed.clear()
            try:
                wait_ms: int | None = await self.tick(announce)
            except EarwitnessError:
                wait_ms = AWAY_MS  # a database that is busy now must not cost tomorrow's alarm
            await self.pause(self._changed, None if wait_ms is None else wait_ms / SECOND)

    def changed(self) -> None:
        """Look again: something was set, changed or cancelled."""
        self._changed.set()

    def connected(self, device: str) -> None:
        """Look again for a device that has just come: what it missed is told now."""
        del device  # what is due is few, wherever
        self._again.clear()
        self._changed.set()

    async def tick(self, announce: Announce) -> int | None:
        """Ring what is due; return how many milliseconds may pass before the next look, None: any number."""
        now = self.clock.now_ms()
        due = await asyncio.to_thread(self.timers.due, now)
        self._again = {each.id: self._again[each.id] for each in due if each.id in self._again}
        await asyncio.gather(*(self._ring(each, announce, now) for each in due))
        upcoming = await asyncio.to_thread(self.timers.next_due, now)
        moments = [*self._again.values(), *([] if upcoming is None else [upcoming])]
        return min(LONGEST_SLEEP_MS, max(0, min(moments) - self.clock.now_ms())) if moments else None

    async def silence(self, device: str) -> int:
        """Stop what rings on a device; return how many did."""
        ringing = await asyncio.to_thread(self.timers.ringing, device)
        for each in ringing:
            await self.over(each)
        return len(ringing)

    async def over(self, done: Timer) -> None:
        """End what has rung: a repeating alarm waits for its next day, all else is deleted."""
        self._again.pop(done.id, None)
        if not done.repeats:
            await asyncio.to_thread(self.timers.end, done.id)
        else:
            due_at = done.next_after(self.clock.now_ms(), self.zone(done.household))
            waiting = replace(done, state=State.RUNNING, due_at=due_at, rung_at=None)
            await asyncio.to_thread(self.timers.change, waiting, was=done.state)
        self.changed()

    @staticmethod
    async def _told(announce: Announce, device: str, text: str) -> bool:
        try:
            return await announce(device, text)
        except Exception:  # noqa: BLE001 - whatever is wrong with one device, the others' alarms ring
            return False

    async def _ring(self, each: Timer, announce: Announce, now: int) -> None:
        if self._again.get(each.id, 0) > now:
            return
        ring = RINGS[each.kind]
        since = each.due_at + GIVEN_UP_MS if each.rung_at is None else each.rung_at + ring.for_ms
        if now > since:
            await self.over(each)
            return
        late = now - each.due_at if each.rung_at is None and now - each.due_at >= LATE_MS else 0
        told = await self._told(announce, each.device, rung(each, late, now, self.zone(each.household)))
        self._again[each.id] = now + (ring.every_ms if told else AWAY_MS)
        if told and each.rung_at is None:
            ringing = replace(each, state=State.RINGING, rung_at=now)
            if not await asyncio.to_thread(self.timers.change, ringing, was=each.state):
                self._again.pop(each.id, None)  # cancelled while it was being said
