"""The doors by which devices come in, opened onto the running voice loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from earwitness.bootstrap.doors import open_doors
from earwitness.bootstrap.house import House
from earwitness.bootstrap.listening import Loop, listening
from earwitness.bootstrap.wyoming import serving_wyoming


@asynccontextmanager
async def serving_devices(house: House, app: FastAPI) -> AsyncIterator[Loop]:
    """Run the voice loop and let devices in through ``app`` until the block is left.

    Raises:
        EngineError: an engine is not installed.
        HomeError: the home does not answer.
        BadInput: the settings of Wyoming cannot be.
    """
    async with listening(house) as loop:
        app.state.voice = loop
        route = open_doors(app, house, loop.assistant)
        try:
            async with serving_wyoming(house, loop.assistant) as app.state.wyoming:
                yield loop
        finally:
            route.close()
