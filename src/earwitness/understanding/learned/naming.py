"""How the parts of the learned matcher call things: classes of intents, names of the household, folders."""

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from earwitness.understanding.context import Context
from earwitness.understanding.learned.features import words
from earwitness.understanding.learned.lexicon import Names
from earwitness.understanding.sentences import spoken_forms


def folder(kind: str, language: str = "en") -> Path:
    """The folder ``corpus`` or ``models`` of a language."""
    return Path(str(resources.files("earwitness.understanding"))) / kind / language


def label(intent: str, fixed: Mapping[str, object]) -> str:
    """The classifier's name for an intent with the slots its templates fix."""
    return f"{intent} {json.dumps(dict(sorted(fixed.items())))}" if fixed else intent


def known_names(context: Context) -> Names:
    """The household's names as the tagger wants them: the words of each, and of what kind it is."""
    return {
        tuple(words(form)): kind
        for kind, names in reversed(list(context.kinds()))
        for each in names
        for form in spoken_forms(kind, each)
    }
