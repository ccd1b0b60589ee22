"""What is offered to Wyoming clients, and by which parts of the house."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from earwitness.assistant.assistant import Assistant
from earwitness.assistant.shared import Shared
from earwitness.assistant.vocabulary import Sayable
from earwitness.kernel.errors import BadInput
from earwitness.protocol.wyoming.info import Info, Program


class Kind(StrEnum):
    """The kinds of services."""

    WAKE = "wake"
    ASR = "asr"
    INTENT = "intent"
    HANDLE = "handle"
    TTS = "tts"


NEED_A_DEVICE = frozenset({Kind.ASR, Kind.INTENT, Kind.HANDLE})


@dataclass(frozen=True, slots=True)
class Services:
    """The services that are on, each with what ``info`` says of it.

    ``device`` is who clients speak as: its household's names are recognised and understood, and what is handled is
    done as if it had been typed there. Wake word and voice need none.
    """

    assistant: Assistant
    programs: Mapping[Kind, Program]
    device: str = ""
    _info: Info = field(init=False)

    def __post_init__(self) -> None:
        """Check that those that need a device have one.

        Raises:
            BadInput: they have not.
        """
        if not self.device and NEED_A_DEVICE & set(self.programs):
            raise BadInput(
                "Wyoming's asr, intent and handle need a device to act as.",
                next_step="Set wyoming_device to a device made for it (earwitness device add).",
            )
        object.__setattr__(self, "_info", Info({kind.value: (one,) for kind, one in self.programs.items()}))

    @property
    def info(self) -> Info:
        """What all of them are."""
        return self._info

    @property
    def shared(self) -> Shared:
        """The engines and the dialog."""
        return self.assistant.shared

    def need(self, kind: Kind) -> None:
        """Check that a service is on.

        Raises:
            BadInput: it is not.
        """
        if kind not in self.programs:
            raise BadInput(f"The service '{kind}' is not switched on here.", next_step="Switch it on in the settings.")

    async def sayable(self) -> Sayable:
        """What may be said by the household that clients speak for.

        Raises:
            NotFound: its device is gone.
        """
        shared = self.shared
        here = await shared.apart(lambda: shared.where_is(self.device))
        return await shared.vocabulary.of(here.household, here.zone)
