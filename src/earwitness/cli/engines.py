"""``earwitness engines``: speech engines that are shipped, installed or could be; installing and removing them."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer

from earwitness.cli.options import DEFAULT_DATA, DataFolder, JsonFlag, Yes, examples
from earwitness.cli.output import note, progress, show_record, show_rows
from earwitness.cli.plain import App
from earwitness.cli.questions import confirm
from earwitness.kernel.errors import BadInput, EngineFailed, EngineMissing, NotFound
from earwitness.speech.engines.catalogue import HUB, OFFERS, HubFiles, MoonshineFiles, Offer, Package, find
from earwitness.speech.engines.folder import RECORD, EngineFolder, Installed
from earwitness.speech.engines.plans import Plan, plan_of

COLUMNS = {
    "name": "name",
    "kind": "kind",
    "state": "state",
    "mb": "MB",
    "licence": "licence",
    "source": "from",
    "summary": "what it does",
}
PATIENCE_S: Final = 60.0
MB: Final = 1_000_000
Name = Annotated[str, typer.Argument(metavar="NAME", help="The engine, as the list names it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    engines = App(help="Speech engines: list, install and remove them.")
    engines.command("list", epilog=examples("earwitness engines list", "earwitness engines list --check --json"))(
        list_engines
    )
    engines.command(
        "install",
        epilog=examples(
            "earwitness engines install moonshine",
            "earwitness engines install whisper/small.en --from /mnt/usb/whisper-small",
            "earwitness engines install piper/en_GB-alba-medium",
        ),
    )(install)
    engines.command("remove", epilog=examples("earwitness engines remove whisper/base.en"))(remove)
    app.add_typer(engines, name="engines")


def list_engines(
    data: DataFolder = DEFAULT_DATA,
    check: Annotated[bool, typer.Option("--check", help="Hash every file of those that are installed.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """List the engines: what each is, whether it is installed, its licence and where it comes from.

    Nothing is asked over a network. Sizes of what is not installed are about right.
    """
    folder = EngineFolder(data)
    rows = [_row(each, folder, check=check) for each in (*OFFERS, *_others(folder))]
    show_rows(rows, COLUMNS, as_json=as_json, wraps=("summary", "source"))


def install(
    name: Name,
    data: DataFolder = DEFAULT_DATA,
    folder: Annotated[
        Path | None, typer.Option("--from", metavar="FOLDER", help="Take the files from a folder, without a network.")
    ] = None,
    yes: Yes = False,
    as_json: JsonFlag = False,
) -> None:
    """Install an engine: its Python package where it needs one, and its weights.

    Says what comes from where, how large it is and under which licence, and asks before each. What was broken off is
    gone on with the next time. Only this command uses the network; the hub itself never fetches anything.
    """
    offer = find(name)
    if offer.files is None:
        raise BadInput(f"{offer.name} needs no installing here.", next_step=_elsewhere(offer))
    engines = EngineFolder(data)
    if offer.package and not has_package(offer.package, engines):
        _install_package(offer, offer.package, engines, yes=yes)
    done = _take(offer, folder, engines) if folder else _fetch(offer, engines, yes=yes, as_json=as_json)
    show_record(_shown(done), as_json=as_json)
    setting = "recogniser" if offer.kind == "recogniser" else "voice"
    note(f'To use it, set {setting} = "{offer.name}" in earwitness.toml and start the hub again.')


def remove(name: Name, data: DataFolder = DEFAULT_DATA, yes: Yes = False, as_json: JsonFlag = False) -> None:
    """Remove the weights of an engine. A Python package stays; pip removes it."""
    offer = find(name)
    confirm(f"Remove the files of {offer.name}?", yes=yes)
    size = EngineFolder(data).remove(offer)
    show_record({"removed": offer.name, "bytes": size}, as_json=as_json)


def has_package(package: Package, engines: EngineFolder) -> bool:
    """Whether what an engine needs of Python is there: in this environment, or as a program of its own."""
    if package.apart:
        return (engines.root / package.module / "program" / "bin" / package.module).exists() or bool(
            shutil.which(package.module)
        )
    return importlib.util.find_spec(package.module) is not None


def _install_package(offer: Offer, package: Package, engines: EngineFolder, *, yes: bool) -> None:
    python = sys.executable
    environment = engines.root / package.module / "program"
    where = f"an environment of its own ({environment})" if package.apart else "the environment that runs Earwitness"
    note(f"{offer.name} needs the Python package {package.requirement} ({package.licence}, about {package.about_mb} MB "
         f"with what it needs) in {where}, from the package index that pip uses here.")  # fmt: skip
    confirm("Install the package?", yes=yes)
    if package.apart:
        _run([python, "-m", "venv", str(environment)])
        python = str(environment / "bin" / "python")
    _run([python, "-m", "pip", "install", "--disable-pip-version-check", package.requirement])
    importlib.invalidate_caches()
    if not has_package(package, engines):
        raise EngineFailed(f"{package.requirement} was installed and cannot be found.")


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdout=sys.stderr, check=False)  # noqa: S603 - our own words
    if done.returncode != 0:
        raise EngineMissing(
            "The Python package could not be installed; what went wrong is above.",
            next_step=f"Run it yourself: {' '.join(command)}",
        )


def _fetch(offer: Offer, engines: EngineFolder, *, yes: bool, as_json: bool) -> Installed:
    with _client() as client:
        hub = _hub()
        plan = plan_of(offer, client, hub=hub)
        offer = replace(offer, source=offer.source.replace(HUB, hub))
        host = httpx.URL(plan.files[0].url).host
        note(f"{offer.name}: {plan.size / MB:.1f} MB in {len(plan.files)} files from {host}, licence {offer.licence}.")
        note(f"They go to {engines.place(offer)}.")
        confirm("Fetch them?", yes=yes)
        with progress(f"Fetching {offer.name}", plan.size, quiet=as_json) as advance:
            return engines.fetch(offer, plan, client, advance)


def _take(offer: Offer, folder: Path, engines: EngineFolder) -> Installed:
    plan = _plan_without_network(offer)
    patterns = [each.rpartition("/")[2] for each in offer.files.names] if isinstance(offer.files, HubFiles) else []
    if plan is None:
        note("There is no network to ask what the files should hash to: their hashes are recorded as they are.")
    return engines.take(offer, folder, plan, lambda name: any(_fits(name, each) for each in patterns))


def _plan_without_network(offer: Offer) -> Plan | None:
    if not isinstance(offer.files, MoonshineFiles):
        return None
    with _client() as client:
        return plan_of(offer, client)


def _fits(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


@contextmanager
def _client() -> Iterator[httpx.Client]:
    """A client that follows redirects, to https alone (plain http on this machine)."""

    def only_safe(request: httpx.Request) -> None:
        if request.url.scheme != "https" and request.url.host not in {"127.0.0.1", "localhost", "::1"}:
            raise EngineFailed("The source points to an address without encryption.")

    hooks = {"request": [only_safe]}
    with httpx.Client(
        follow_redirects=True, timeout=PATIENCE_S, event_hooks=hooks, headers={"User-Agent": "earwitness"}
    ) as client:
        yield client


def _hub() -> str:
    """The model hub, or the mirror of it that ``HF_ENDPOINT`` names, as its own programs read it."""
    import os  # noqa: PLC0415 - only here

    return os.environ.get("HF_ENDPOINT", HUB).rstrip("/")


def _others(folder: EngineFolder) -> Iterator[Offer]:
    """What is installed and not on the list: other voices of Piper's collection."""
    listed = {each.name for each in OFFERS}
    for record in sorted(folder.root.glob(f"*/*/{RECORD}")):
        name = "/".join(record.parent.parts[-2:])
        if name not in listed:
            with suppress(NotFound):
                yield find(name)


def _row(offer: Offer, folder: EngineFolder, *, check: bool) -> dict[str, object]:
    state, size = _state(offer, folder, check=check)
    return {
        "name": offer.name,
        "kind": offer.kind.value,
        "state": state,
        "mb": round(size / MB, 1) if size else offer.about_mb,
        "licence": offer.licence,
        "source": offer.source,
        "summary": offer.summary,
        "package": offer.package.requirement if offer.package else None,
    }


def _state(offer: Offer, folder: EngineFolder, *, check: bool) -> tuple[str, int]:
    if offer.files is None:
        there = offer.source == "shipped" or shutil.which(offer.engine) is not None
        return ("shipped" if offer.source == "shipped" else "installed") if there else "not installed", 0
    try:
        found = folder.check(offer) if check else folder.installed(offer)
    except EngineMissing:
        return "damaged", 0
    if found is None:
        return "not installed", 0
    has_all = offer.package is None or has_package(offer.package, folder)
    return "installed" if has_all else "package missing", found.size


def _shown(done: Installed) -> dict[str, object]:
    return {
        "installed": done.name,
        "folder": str(done.folder),
        "bytes": done.size,
        "files": [each.name for each in done.files],
        "licence": done.licence,
        "source": done.source,
        "revision": done.revision,
        "checked": done.checked,
    }


def _elsewhere(offer: Offer) -> str:
    return "It is shipped with Earwitness." if offer.source == "shipped" else f"apt-get install {offer.engine}"
