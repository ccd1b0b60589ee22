"""The settings of an installation: ``earwitness.toml`` in its data folder, written by ``earwitness init``.

Secrets are never in it: the passphrase comes from the terminal or ``EARWITNESS_PASSPHRASE``, a Vault
token from ``VAULT_TOKEN``, S3 credentials from the usual ``AWS_*`` variables. Every setting is
documented in docs/settings.md; a test fails on one that is not.
"""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from earwitness.kernel.clock import DAY, HOUR
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.storage.database import sqlite_url
from earwitness.storage.files import write_durably

FILE = "earwitness.toml"


class WitnessSettings(BaseModel):
    """One witness that cosigns the log's checkpoints."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    key: str


class SatelliteSettings(BaseModel):
    """A Wyoming satellite that the hub connects to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(min_length=1, max_length=253)
    port: int = Field(default=10700, ge=1, le=65535)
    device: str
    wakes: Literal["hub", "satellite-unverified"] = "hub"


class Settings(BaseModel):
    """What an operator chooses once; the people's own choices are in the database."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    installation: str
    database_url: str = ""
    keys_url: str = ""
    s3_bucket: str = ""
    s3_endpoint: str = ""
    s3_region: str = "us-east-1"
    custodian: Literal["keyfile", "passphrase", "transit"] = "keyfile"
    vault_address: str = ""
    vault_backup_days: int = Field(default=0, ge=0, le=3650)
    second_copy: str = "second"
    witnesses: tuple[WitnessSettings, ...] = ()
    rotation_hours: int = Field(default=24, ge=1, le=24 * 31)
    key_backup_days: int = Field(default=7, ge=1, le=90)
    port: int = Field(default=8710, ge=1, le=65535)
    workbench_port: int = Field(default=8712, ge=1, le=65535)
    home: str = ""
    time_zone: str = ""
    recogniser: str = Field(default="pocketsphinx", pattern=r"^[a-z]+(/[A-Za-z0-9_.-]+)?$|^wyoming://[^/\s]+:\d+$")
    recognisers: int = Field(default=0, ge=0, le=64)
    voice: str = Field(default="espeak-ng/en-us", pattern=r"^[a-z-]+(/[A-Za-z0-9_.+-]+)?$|^wyoming://[^/\s]+:\d+$")
    wyoming_port: int = Field(default=0, ge=0, le=65535)
    wyoming_host: str = "localhost"
    wyoming_allow: tuple[str, ...] = ()
    wyoming_services: tuple[Literal["wake", "asr", "intent", "handle", "tts"], ...] = ("wake", "tts")
    wyoming_device: str = ""
    satellites: tuple[SatelliteSettings, ...] = ()

    @property
    def rotation_ms(self) -> int:
        """How long a root epoch lasts, in milliseconds."""
        return self.rotation_hours * HOUR

    @property
    def vault_backup_ms(self) -> int:
        """How long snapshots of Vault's own storage are kept, in milliseconds."""
        return self.vault_backup_days * DAY

    @property
    def key_backup_ms(self) -> int:
        """How long a key backup lives, in milliseconds."""
        return self.key_backup_days * DAY

    def database(self, data: Path) -> str:
        """Return the database's address; a file in the data folder by default."""
        return self.database_url or sqlite_url(data / "data.db")

    def to_toml(self) -> str:
        """Write the settings that differ from the defaults, for a person to read and edit."""
        lines = ["# Earwitness settings; see docs/settings.md. No secrets belong here."]
        lines += [
            f"{name} = {_toml(value)}"
            for name, value in self.model_dump(exclude={"witnesses", "satellites"}).items()
            if value != type(self).model_fields[name].default
        ]
        for block in (*self.witnesses, *self.satellites):
            name = "witnesses" if isinstance(block, WitnessSettings) else "satellites"
            lines += ["", f"[[{name}]]", *(f"{key} = {_toml(value)}" for key, value in block)]
        return "\n".join(lines) + "\n"


def load(data: Path) -> Settings:
    """Read the settings of a data folder.

    Raises:
        NotFound: the folder holds no installation.
        BadInput: a setting is unknown or has a value that cannot be.
    """
    try:
        text = (data / FILE).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(
            f"There is no Earwitness installation in {data}.",
            next_step="Run earwitness init, or point to one with --data or EARWITNESS_DATA.",
        ) from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{FILE} is not UTF-8.", next_step="Mend it; docs/settings.md shows the form.") from error
    try:
        return Settings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(
            f"{FILE} cannot be read: {error}.", next_step="Mend it; docs/settings.md shows the form."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadInput(
            f"{FILE}: {place}: {first['msg']}.", next_step="docs/settings.md lists every setting."
        ) from error


def store(data: Path, settings: Settings) -> None:
    """Write the settings durably."""
    write_durably(data / FILE, settings.to_toml().encode())


def _toml(value: object) -> str:
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
