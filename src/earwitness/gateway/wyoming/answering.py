"""The intent and handle services: words in, what is meant or what was answered out."""

from typing import Any, Final

from earwitness.assistant.skill import Ending
from earwitness.gateway.wyoming.services import Kind, Services
from earwitness.kernel.errors import BadInput
from earwitness.protocol.wyoming import Message
from earwitness.protocol.wyoming.listening import Transcript
from earwitness.protocol.wyoming.meaning import Entity, Handled, Intent, NotHandled, NotRecognized, Recognize
from earwitness.understanding.values import Kind as Understood
from earwitness.understanding.values import SlotValue

LONGEST_SENTENCE: Final = 500
DONE: Final = frozenset({Ending.DONE, Ending.TOLD, Ending.ASKED})


async def answered(services: Services, words: Recognize | Transcript) -> Message:
    """Answer a sentence: ``recognize`` is understood; ``transcript`` is handled, or understood where handle is off.

    Raises:
        BadInput: no sentence, or the service is off.
    """
    if not words.text.strip() or len(words.text) > LONGEST_SENTENCE:
        raise BadInput(f"A sentence has 1 to {LONGEST_SENTENCE} characters.")
    if isinstance(words, Transcript) and Kind.HANDLE in services.programs:
        return await _handled(services, words)
    services.need(Kind.INTENT)
    return await _understood(services, words)


async def _handled(services: Services, words: Transcript) -> Message:
    reply = await services.assistant.ask(services.device, words.text)
    kind = Handled if reply.ending in DONE else NotHandled
    return kind(reply.text, words.context)


async def _understood(services: Services, words: Recognize | Transcript) -> Message:
    shared = services.shared
    here = await shared.apart(lambda: shared.where_is(services.device))
    context = (await services.sayable()).at(here)
    matcher = shared.answering.dialog.matcher
    understood = await shared.apart(lambda: matcher.understand(words.text, context))
    if understood.kind is not Understood.UNDERSTOOD or understood.best is None:
        return NotRecognized(understood.question or None, words.context)
    intent = understood.best.intent
    entities = tuple(Entity(name, _value(slot)) for name, slot in intent.slots.items())
    return Intent(intent.name, entities, understood.best.response or None, words.context)


def _value(slot: SlotValue) -> Any:
    """What JSON can hold of it; for the rest (durations, times, colours) what was said."""
    return slot.value if isinstance(slot.value, int | float | str) else slot.text
