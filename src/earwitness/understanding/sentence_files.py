"""One file of sentence templates: read, checked, every complaint with file and line.

A file is YAML with the keys ``language``, ``intents``, ``lists``, ``expansion_rules``, ``skip_words`` and
``responses``, in the shapes of Home Assistant's sentence files. Order of checks: size, YAML, shape,
template syntax; references to lists and rules only when all files are there (:meth:`check_references`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from hassil import Group, ListReference, RuleReference, Sentence, parse_sentence
from hassil.parser import ParseError

from earwitness.kernel.errors import BadInput

MAX_BYTES = 1_000_000
MAX_NODES = 100_000  # a file of aliases of aliases is larger than it looks
MAX_DEPTH = 40  # brackets in brackets in one template
KEYS = frozenset({"language", "intents", "lists", "expansion_rules", "skip_words", "responses", "settings"})
BLOCK_KEYS = frozenset(
    {
        "sentences",
        "slots",
        "response",
        "requires_context",
        "excludes_context",
        "expansion_rules",
        "lists",
        "metadata",
        "required_keywords",
    }
)

Where = tuple[str | int, ...]


@dataclass(slots=True)
class SentenceFile:
    """What one file says; ``lines`` tells for each place in it the line where it stands."""

    name: str
    data: dict[str, object]
    lines: dict[Where, int]
    templates: list[tuple[Where, Sentence, frozenset[str], frozenset[str]]] = field(default_factory=list)

    def part(self, key: str) -> Mapping[str, object]:
        """One of the named parts, empty if the file has none."""
        found = self.data.get(key, {})
        return found if isinstance(found, dict) else {}

    def intents(self) -> dict[str, list[object]]:
        """The blocks of each intent."""
        return {name: list(self._blocks(name)) for name in self.part("intents")}

    def _blocks(self, name: str) -> Sequence[object]:
        intent = self.part("intents")[name]
        return intent["data"] if isinstance(intent, dict) else []

    def skip_words(self) -> list[str]:
        """Words that may be left out of any sentence."""
        words = self.data.get("skip_words", [])
        return [str(word) for word in words] if isinstance(words, list) else []

    def responses(self) -> dict[str, dict[str, str]]:
        """The answers of each intent by their key."""
        answers = self.part("responses").get("intents", {})
        if not isinstance(answers, dict):
            return {}
        return {str(name): {str(k): str(v) for k, v in each.items()} for name, each in answers.items() if each}

    def fail(self, where: Where, what: str, next_step: str = "") -> BadInput:
        """An error that names the file and the line of ``where``."""
        line = next((self.lines[where[:end]] for end in range(len(where), -1, -1) if where[:end] in self.lines), 1)
        msg = f"{self.name}, line {line}: {what}"
        return BadInput(msg, next_step=next_step)

    def check_references(self, *, lists: Collection[str], rules: Mapping[str, object]) -> None:
        """Every ``{list}`` and ``<rule>`` must exist somewhere, and no rule may lead back to itself.

        Raises:
            BadInput: one does not.
        """
        for where, sentence, own_lists, own_rules in self.templates:
            for reference in _references(sentence.expression):
                if isinstance(reference, ListReference):
                    if reference.is_inline_range or reference.list_name in own_lists or reference.list_name in lists:
                        continue
                    raise self.fail(where, f"there is no list {{{reference.list_name}}}.", _known(lists))
                if reference.rule_name not in own_rules and reference.rule_name not in rules:
                    raise self.fail(where, f"there is no rule <{reference.rule_name}>.", _known(rules))
        self._check_circles(rules)

    def _check_circles(self, rules: Mapping[str, object]) -> None:
        for name in self.part("expansion_rules"):
            if _leads_to(name, rules):
                raise self.fail(("expansion_rules", name), f"the rule <{name}> leads back to itself.")


def _known(names: Collection[str]) -> str:
    return f"Known are {', '.join(sorted(names))}." if names else "None is defined yet."


def _leads_to(name: str, rules: Mapping[str, object]) -> bool:
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        body = rules.get(waiting.pop())
        if not isinstance(body, str):
            continue
        for reference in _references(parse_sentence(body).expression):
            if isinstance(reference, RuleReference):
                if reference.rule_name == name:
                    return True
                if reference.rule_name not in seen:
                    seen.add(reference.rule_name)
                    waiting.append(reference.rule_name)
    return False


def _references(expression: object) -> Iterator[ListReference | RuleReference]:
    if isinstance(expression, (ListReference, RuleReference)):
        yield expression
    elif isinstance(expression, Group):
        for item in expression.items:
            yield from _references(item)


def read_file(path: Path) -> SentenceFile:
    """Read and check one file.

    Raises:
        BadInput: it cannot be used; file and line are named.
    """
    file = _parse(path)
    _check_shape(file)
    _check_templates(file)
    return file


def _parse(path: Path) -> SentenceFile:
    try:
        raw = path.read_bytes()
    except OSError as error:
        msg = f"{path.name} cannot be read: {error.strerror}."
        raise BadInput(msg) from error
    if len(raw) > MAX_BYTES:
        msg = f"{path.name} is larger than {MAX_BYTES} bytes."
        raise BadInput(msg, next_step="Spread the sentences over several files.")
    try:
        text = raw.decode("utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        lines: dict[Where, int] = {}
        data = _construct(node, (), lines) if node is not None else {}
    except UnicodeDecodeError as error:
        msg = f"{path.name} is not UTF-8 text (byte {error.start})."
        raise BadInput(msg, next_step="Save it as UTF-8.") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise _not_yaml(path.name, error) from error
    if not isinstance(data, dict):
        msg = f"{path.name}, line 1: the file is not a mapping."
        raise BadInput(msg, next_step="It begins with 'intents:'.")
    return SentenceFile(path.name, data, lines)


def _not_yaml(name: str, error: Exception) -> BadInput:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else 1
    problem = getattr(error, "problem", None) or "nested too deeply"
    return BadInput(f"{name}, line {line}: not YAML: {problem}.", next_step="Mind spaces and quotes.")


def _construct(node: yaml.Node, where: Where, lines: dict[Where, int]) -> object:
    if len(lines) > MAX_NODES:
        problem = "it unfolds to too many entries"
        raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
    lines[where] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _construct(value, (*where, str(key.value)), lines) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_construct(item, (*where, index), lines) for index, item in enumerate(node.value)]
    return yaml.SafeLoader("").construct_object(node)


def _check_shape(file: SentenceFile) -> None:
    for key in file.data:
        if key not in KEYS:
            raise file.fail((key,), f"unknown key '{key}'.", f"Known are {', '.join(sorted(KEYS))}.")
    for key in ("intents", "lists", "expansion_rules", "responses"):
        if not isinstance(file.data.get(key, {}), dict):
            raise file.fail((key,), f"'{key}' is not a mapping of names.")
    for name, intent in file.part("intents").items():
        where: Where = ("intents", name)
        if not isinstance(intent, dict) or not isinstance(intent.get("data"), list):
            raise file.fail(
                where, f"the intent {name} has no list 'data'.", "Write 'data:' and below it '- sentences:'."
            )
        for index, block in enumerate(intent["data"]):
            _check_block(file, (*where, "data", index), block)
    for name, values in file.part("lists").items():
        _check_list(file, ("lists", name), values)
    _check_answers(file)


def _check_answers(file: SentenceFile) -> None:
    answers = file.part("responses").get("intents", {})
    if not isinstance(answers, dict):
        raise file.fail(("responses", "intents"), "'intents' is not a mapping of names.")
    for name, each in answers.items():
        if not isinstance(each, dict) or not all(isinstance(text, str) for text in each.values()):
            raise file.fail(("responses", "intents", name), "an answer is 'default: text'.", "Put it into quotes.")


def _check_block(file: SentenceFile, where: Where, block: object) -> None:
    if not isinstance(block, dict) or not isinstance(block.get("sentences"), list) or not block["sentences"]:
        raise file.fail(where, "a block needs a list 'sentences'.")
    for key in block:
        if key not in BLOCK_KEYS:
            raise file.fail((*where, key), f"unknown key '{key}'.", f"Known are {', '.join(sorted(BLOCK_KEYS))}.")
    for key in ("slots", "requires_context", "excludes_context", "expansion_rules", "lists", "metadata"):
        if not isinstance(block.get(key, {}), dict):
            raise file.fail((*where, key), f"'{key}' is not a mapping.")
    for name, values in block.get("lists", {}).items():
        _check_list(file, (*where, "lists", name), values)


def _check_list(file: SentenceFile, where: Where, values: object) -> None:
    if not isinstance(values, dict) or not {"values", "range", "wildcard"} & values.keys():
        raise file.fail(where, "a list needs 'values', 'range' or 'wildcard: true'.")
    if "values" in values and not isinstance(values["values"], list):
        raise file.fail(where, "'values' is not a list.")
    for index, value in enumerate(values.get("values", [])):
        if isinstance(value, dict) and not isinstance(value.get("in"), str):
            raise file.fail((*where, "values", index), "a value needs the text 'in'.")
        if not isinstance(value, (str, dict)):
            raise file.fail((*where, "values", index), f"the value {value!r} is not text.", "Put it into quotes.")
        _template(file, (*where, "values", index), value["in"] if isinstance(value, dict) else value)
    bounds = values.get("range", {"from": 0, "to": 0})
    if not isinstance(bounds, dict) or not all(isinstance(bounds.get(key), int) for key in ("from", "to")):
        raise file.fail(where, "a range needs the whole numbers 'from' and 'to'.")
    if bounds["from"] > bounds["to"] or int(bounds.get("step", 1)) < 1:
        raise file.fail(where, "a range goes from the smaller to the larger number.")


def _check_templates(file: SentenceFile) -> None:
    for name, body in file.part("expansion_rules").items():
        where: Where = ("expansion_rules", name)
        file.templates.append((where, _template(file, where, body), frozenset(), frozenset()))
    for name, blocks in file.intents().items():
        for index, block in enumerate(blocks):
            if isinstance(block, dict):
                _check_sentences(file, ("intents", name, "data", index), block)


def _check_sentences(file: SentenceFile, where: Where, block: Mapping[str, Mapping[str, object]]) -> None:
    lists = frozenset(block.get("lists", {}))
    rules = frozenset(block.get("expansion_rules", {}))
    for name, body in block.get("expansion_rules", {}).items():
        place = (*where, "expansion_rules", name)
        file.templates.append((place, _template(file, place, body), lists, rules))
    for index, text in enumerate(block["sentences"]):
        place = (*where, "sentences", index)
        file.templates.append((place, _template(file, place, text), lists, rules))


def _template(file: SentenceFile, where: Where, text: object) -> Sentence:
    if not isinstance(text, str) or not text.strip():
        raise file.fail(where, f"the sentence {text!r} is not text.", "Put it into quotes.")
    if max(text.count(opening) for opening in "([<{") > MAX_DEPTH:
        raise file.fail(where, "the sentence is too deeply nested.", "Split it into several.")
    try:
        return parse_sentence(text, keep_text=True)
    except (ParseError, RecursionError, AssertionError, ValueError) as error:
        raise file.fail(where, "brackets that do not match.", "See docs/understanding.md.") from error
