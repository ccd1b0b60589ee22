"""Sentence templates, from files a household can edit (hassil's syntax, https://github.com/OHF-Voice/hassil).

Folders are read in order, the household's own first; in each folder every ``*.yaml`` in the order of the
names. What comes first wins: a template is tried earlier, a list or rule of the same name hides a later one.
Home Assistant's sentences (home-assistant-intents) follow as a source of their own, since their rules carry
the same names with other meanings. docs/understanding.md describes the files.

The result is hassil's own structure (:class:`hassil.Intents`), one a source, so that anything that walks
hassil's expressions can use it: the matcher, the sampler, the recogniser's grammar.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path

import hassil
import home_assistant_intents

from earwitness.kernel.errors import BadInput
from earwitness.understanding.context import Context, Named
from earwitness.understanding.sampling import says_something
from earwitness.understanding.sentence_files import SentenceFile, read_file
from earwitness.understanding.typed_lists import typed_lists
from earwitness.understanding.wording import plain

HOME_ASSISTANT = "home assistant"
SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class SentenceSource:
    """Templates that share lists and rules; ``responses`` as in Home Assistant: intent → key → template."""

    name: str
    intents: hassil.Intents
    responses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sentences:
    """All templates of one language, in the order in which they are tried."""

    language: str
    sources: tuple[SentenceSource, ...]

    def templates(self) -> Iterator[tuple[SentenceSource, str, hassil.IntentData]]:
        """Every block of templates with its source and the name of its intent."""
        for source in self.sources:
            for intent in source.intents.intents.values():
                yield from ((source, intent.name, block) for block in intent.data)

    def intent_names(self) -> frozenset[str]:
        """The names of the intents there are templates for."""
        return frozenset(name for source in self.sources for name in source.intents.intents)


def shipped_folder(language: str = "en") -> Path:
    """The folder of the sentences that come with Earwitness; it may not exist for a language."""
    return Path(str(resources.files("earwitness.understanding"))) / "sentences" / language


def load(folders: Sequence[Path] = (), *, language: str = "en", shipped: bool = True, home: bool = True) -> Sentences:
    """Read the sentences of ``folders`` (first wins), then the shipped ones, then Home Assistant's.

    Raises:
        BadInput: a file cannot be used; the error names file and line.
    """
    places = [(folder, _required) for folder in folders]
    if shipped:
        places.append((shipped_folder(language), _optional))
    files = [each for folder, listing in places for each in map(read_file, listing(folder))]
    sources = [_own(files, language)] if files else []
    if home:
        sources += _home_assistant(language)
    if not sources:
        msg = f"There are no sentences for the language '{language}'."
        raise BadInput(msg, next_step=f"Home Assistant knows {', '.join(home_assistant_intents.get_languages())}.")
    return Sentences(language, tuple(sources))


def _required(folder: Path) -> list[Path]:
    if not folder.is_dir():
        msg = f"There is no folder '{folder.name}' with sentences."
        raise BadInput(msg, next_step="Make it, or take it out of the settings.")
    return _optional(folder)


def _optional(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml")) if folder.is_dir() else []


_Listing = Callable[[Path], list[Path]]


def _own(files: Sequence[SentenceFile], language: str) -> SentenceSource:
    merged: dict[str, dict[str, object]] = {"lists": {}, "expansion_rules": {}}
    blocks: dict[str, list[object]] = {}
    skip_words: list[str] = []
    responses: dict[str, dict[str, str]] = {}
    for file in files:
        for part, entries in merged.items():
            for name, value in file.part(part).items():
                entries.setdefault(name, value)
        for name, intent in file.intents().items():
            blocks.setdefault(name, []).extend(intent)
        skip_words += [word for word in file.skip_words() if word not in skip_words]
        for name, answers in file.responses().items():
            responses[name] = {**answers, **responses.get(name, {})}
    known = set(merged["lists"]) | set(typed_lists(language)) | set(CONTEXT_LISTS)
    for file in files:
        file.check_references(lists=known, rules=merged["expansion_rules"])
    intents = hassil.Intents.from_dict(
        {"language": language, "intents": {name: {"data": data} for name, data in blocks.items()}, **merged}
        | {"skip_words": skip_words}
    )
    for name, values in typed_lists(language).items():
        intents.slot_lists.setdefault(name, values)
    return SentenceSource(SHIPPED, intents, responses)


CONTEXT_LISTS = ("area", "floor", "name", "list", "person")


@cache
def _home_assistant_data(language: str) -> Mapping[str, object] | None:
    return home_assistant_intents.get_intents(language)


def _home_assistant(language: str) -> list[SentenceSource]:
    if language not in home_assistant_intents.get_languages():
        return []
    data = _home_assistant_data(language)
    if data is None:
        return []
    answers = data.get("responses", {})
    responses = answers.get("intents", {}) if isinstance(answers, dict) else {}
    intents = hassil.Intents.from_dict(dict(data))
    for intent in intents.intents.values():
        kept = [block for block in intent.data if not _delayed_command(block)]
        intent.data = [_without_bare_names(block, intents) for block in kept]
    return [SentenceSource(HOME_ASSISTANT, intents, responses)]


def _without_bare_names(block: hassil.IntentData, intents: hassil.Intents) -> hassil.IntentData:
    """Without sentences that are a name and nothing else: naming a lamp must not switch it."""
    rules = {**intents.expansion_rules, **block.expansion_rules}
    texts = [text for text in block.sentence_texts if says_something(text, rules)]
    return replace(block, sentence_texts=texts) if texts != block.sentence_texts else block


def _delayed_command(block: hassil.IntentData) -> bool:
    """Sentences like "{anything} in five minutes": as a last resort they would take talk for orders."""
    return str((block.metadata or {}).get("slot_combination", "")).startswith("command")


def slot_lists(context: Context) -> dict[str, hassil.SlotList]:
    """The lists that come from the household: rooms, devices, lists, people, and whatever more it names.

    A value's output is its id; its name, domain and room ride along for templates that ask for them.
    """
    return {kind: _names(kind, context) for kind, _ in context.kinds()}


def _names(kind: str, context: Context) -> hassil.TextSlotList:
    values = [
        hassil.TextSlotValue(
            text_in=hassil.TextChunk(spoken),
            value_out=each.id,
            context={"domain": each.domain} if each.domain else None,
            metadata={"name": each.name},
        )
        for each in context.named(kind)
        for spoken in spoken_forms(kind, each)
    ]
    return hassil.TextSlotList(name=kind, values=values)


def spoken_forms(kind: str, each: Named) -> list[str]:
    """The plain words for a name; "shopping list" is also "shopping", since templates say "list" themselves."""
    forms = [plain(form) for form in each.spoken()]
    if kind == "list":
        forms += [form.removesuffix(" list") for form in forms]
    return list(dict.fromkeys(form for form in forms if form))
