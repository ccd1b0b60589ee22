"""What the skills hold about a person or a household, erased with them; and how single effects are taken back."""

from collections.abc import Callable, Sequence

from sqlalchemy import Column, Connection, delete

from earwitness.identity.sealing import Sealer
from earwitness.kernel.clock import Clock
from earwitness.skills.lists.shelves import ITEM_EFFECT
from earwitness.skills.lists.store import Lists
from earwitness.skills.timers.alarm_skill import ALARM_EFFECT, REMINDER_EFFECT
from earwitness.skills.timers.store import Timers
from earwitness.skills.timers.timer_skill import EFFECT as TIMER_EFFECT
from earwitness.storage.database import Database
from earwitness.storage.schema.voice import list_item, timer, todo_list
from earwitness.vault.artefacts import ArtefactRegistry, Eraser, SubjectHolding
from earwitness.vault.effects import Effect, Effects


def register_skills(registry: ArtefactRegistry) -> None:
    """Say what is held, and what erases it."""
    registry.register(
        SubjectHolding("timers", "timers, alarms and reminders that have not rung yet", _by(timer.c.subject_id),
                       frozenset({timer.name}))
    )  # fmt: skip
    registry.register(
        SubjectHolding("list items", "what stands on the household's lists", _by(list_item.c.subject_id),
                       frozenset({list_item.name}))
    )  # fmt: skip
    registry.register(
        SubjectHolding("lists", "the household's lists", _by(todo_list.c.subject_id), frozenset({todo_list.name}))
    )


def offer_removers(effects: Effects, database: Database, sealer: Sealer, clock: Clock) -> None:
    """Say how timers and lines of lists are taken back, in every program that opens the house."""
    timers, lists = Timers(database, sealer), Lists(database, sealer, clock)
    for kind in (TIMER_EFFECT, ALARM_EFFECT, REMINDER_EFFECT):
        effects.register(kind, _ends(timers))
    effects.register(ITEM_EFFECT, _takes_off(lists))


def _ends(timers: Timers) -> Callable[[Effect], None]:
    def remove(effect: Effect) -> None:
        timers.end(str(effect.undo.get("timer", "")))

    return remove


def _takes_off(lists: Lists) -> Callable[[Effect], None]:
    def remove(effect: Effect) -> None:
        lists.remove([str(effect.undo.get("item", ""))])

    return remove


def _by(column: Column[str]) -> Eraser:
    def erase(tx: Connection, subjects: Sequence[str]) -> int:
        return tx.execute(delete(column.table).where(column.in_(subjects))).rowcount

    return erase
