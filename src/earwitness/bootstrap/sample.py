"""The home that a new installation begins with, so that there are lights to turn on."""

from importlib import resources
from pathlib import Path

from earwitness.storage.files import write_durably

HOME_FILE = "home.yaml"


def give_sample_home(data: Path) -> Path:
    """Put a home that does not exist into a new installation; return its file."""
    place = data / HOME_FILE
    sample = resources.files("earwitness.skills.home.virtual") / "sample.yaml"
    write_durably(place, sample.read_bytes())
    return place
