"""Wyoming both ways: a server of voice services for Home Assistant, and the hub of Wyoming satellites.

The protocol has neither authentication nor bounds (docs/formats/wyoming.md): what listens is bounded and answers
listed addresses only, and nothing that comes in here is kept unless it is a turn of a device of the household.
"""

from earwitness.gateway.wyoming.bounds import Allowed, Bounds
from earwitness.gateway.wyoming.server import WyomingServer
from earwitness.gateway.wyoming.services import Kind, Services

__all__ = ["Allowed", "Bounds", "Kind", "Services", "WyomingServer"]
