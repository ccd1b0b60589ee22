"""The port to a home. Three homes implement it: a YAML file, Home Assistant, and MQTT."""

from typing import Protocol

from earwitness.skills.home.model import Call, Home


class HomeControl(Protocol):
    """A home that can be read and asked to do things.

    One turn uses it at a time; several turns may follow each other. Nothing is retried: a light
    that is switched a minute late is worse than one that says it failed.
    """

    async def read(self) -> Home:
        """Return all floors, areas and entities with their present states.

        Raises:
            HomeUnreachable: nobody answers.
        """
        ...

    async def call(self, call: Call) -> None:
        """Carry out one service call; when it returns, :meth:`read` shows what it did.

        Raises:
            DeviceSilent: a device did not do it, or did not say so in time.
            DeviceCannot: the device has no such service.
            HomeUnreachable: nobody answers.
        """
        ...

    async def close(self) -> None:
        """Let go of connections. Safe to call twice."""
        ...
