"""Put the parts together for a language: sentences, near misses, and the learned model where there is one."""

from collections.abc import Sequence
from pathlib import Path

from earwitness.understanding.fuzzy import FuzzyMatcher
from earwitness.understanding.learned import model
from earwitness.understanding.learned.matcher import LearnedMatcher
from earwitness.understanding.learned.naming import folder
from earwitness.understanding.matcher import Matcher
from earwitness.understanding.sentences import Sentences, load
from earwitness.understanding.templates import TemplateMatcher


def matcher(folders: Sequence[Path] = (), *, language: str = "en", learned: Path | None = None) -> Matcher:
    """The matcher for the household's ``folders`` of sentences, with the shipped and Home Assistant's below.

    ``learned`` is a folder with a model of one's own; the shipped one is used otherwise.

    Raises:
        BadInput: a sentence file or a model cannot be used.
    """
    return of(load(folders, language=language), learned)


def of(sentences: Sentences, learned: Path | None = None) -> Matcher:
    """The matcher for sentences that are already loaded."""
    return Matcher(TemplateMatcher(sentences), FuzzyMatcher(sentences), learned_matcher(sentences, learned))


def learned_matcher(sentences: Sentences, learned: Path | None = None) -> LearnedMatcher | None:
    """The learned matcher of a folder, or the shipped one; None where the language has none.

    Raises:
        BadInput: the model cannot be used.
    """
    place = learned or folder("models", sentences.language)
    return LearnedMatcher(model.load(place), sentences) if place.is_dir() else None
