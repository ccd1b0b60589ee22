"""The skill behind a household's own sentence files: an intent with an answer needs no code.

It serves the intents that the files answer. A file may also only add sentences to intents that others serve; an
intent that nobody would answer is refused when the files are read.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from pathlib import Path

from earwitness.assistant.skill import NO_NAMES, Ending, Names, Reply, Request
from earwitness.assistant.trace import Step
from earwitness.kernel.errors import BadInput
from earwitness.skills.sentences.answers import Answer, answers_of
from earwitness.understanding.sentence_files import SentenceFile, read_file
from earwitness.understanding.slots import FREE
from earwitness.understanding.values import SlotValue

DEFAULT = "default"


class SentenceSkill:
    """Answers the intents of the household's sentence files."""

    name = "sentences"

    def __init__(self, folders: Sequence[Path], served: AbstractSet[str] = frozenset()) -> None:
        """Read the files of ``folders`` (the first wins); ``served`` are the intents that other skills serve.

        Raises:
            BadInput: a file can not be used, answers what another skill serves, or leaves an intent unanswered.
        """
        files = [read_file(path) for folder in folders for path in sorted(folder.glob("*.yaml"))]
        self._answers: dict[str, dict[str, Answer]] = {}
        for file in files:
            for intent, answers in answers_of(file).items():
                if intent in served:
                    raise file.fail(("responses", "intents", intent), f"the intent {intent} is answered by a skill.",
                                    "Give yours a name of its own.")  # fmt: skip
                self._answers[intent] = {**answers, **self._answers.get(intent, {})}
        for file in files:
            _check_answered(file, self._answers, served)
        self.intents = frozenset(self._answers)

    async def names(self, household: str) -> Names:  # noqa: ARG002 - the contract's; lists stand in the files
        """Nothing of its own."""
        return NO_NAMES

    async def hear(self, request: Request) -> Reply:
        """Fill the answer in."""
        meant = request.meant
        if meant is None:
            return Reply("", Ending.NOTHING)
        answer = _chosen(self._answers[meant.intent.name], meant.response)
        known = {
            "slots": {name: _said(slot) for name, slot in meant.intent.slots.items()},
            "now": datetime.fromtimestamp(request.now / 1000, request.here.zone),
            "area": request.here.area or "",
            "device": request.here.label,
        }
        step = Step("sentences", f"The answer stands in {answer.place}.")
        return Reply(answer.fill(known), Ending.TOLD, steps=(step,))

    async def answered(self, request: Request) -> Reply | None:  # noqa: ARG002 - the contract's
        """It never asks."""
        return None


def _chosen(answers: Mapping[str, Answer], source: str) -> Answer:
    """The answer that the block which matched asks for; the default where it was only nearly said."""
    exact = next((each for each in answers.values() if each.source == source), None)
    return exact or answers.get(DEFAULT) or next(iter(answers.values()))


def _said(slot: SlotValue) -> str:
    """What a list gives for the words that were said; a number, a time or a name as it was said."""
    return slot.value if slot.kind == FREE and isinstance(slot.value, str) else slot.text


def _check_answered(file: SentenceFile, answers: Mapping[str, Mapping[str, Answer]], served: AbstractSet[str]) -> None:
    for intent, blocks in file.intents().items():
        if intent in served:
            continue
        if intent not in answers:
            raise _unanswered(file, intent)
        for at, block in enumerate(blocks):
            key = block.get("response", DEFAULT) if isinstance(block, dict) else DEFAULT
            if key not in answers[intent]:
                raise file.fail(("intents", intent, "data", at), f"there is no answer '{key}' for {intent}.",
                                f"Known are {', '.join(sorted(answers[intent]))}.")  # fmt: skip


def _unanswered(file: SentenceFile, intent: str) -> BadInput:
    return file.fail(
        ("intents", intent), f"nothing answers the intent {intent}.", f"Write 'responses: intents: {intent}: default:'."
    )
