"""The Cedar policies, parsed once, and the decision over them (cedarpolicy.com; the engine is cedarpy).

At start every ``*.cedar`` file is validated against the schema; one that does not validate stops the
program. Deciding fails closed: anything but a clean "allow", such as an entity that does not fit the
schema or a policy that fails to evaluate (Cedar skips a ``forbid`` that does), is a denial.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import cedarpy

from earwitness.kernel.errors import PolicyInvalid

RULES = ("household.cedar", "staff.cedar", "identity.cedar", "forbid.cedar")
SCHEMA = "schema.cedarschema"


@dataclass(frozen=True, slots=True)
class Question:
    """One request, in Cedar's JSON forms, with every entity it needs."""

    request: Mapping[str, Any]
    entities: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``reasons`` are the ids of the policies that decided; ``failed`` says that something did not evaluate."""

    allowed: bool
    reasons: tuple[str, ...]
    failed: bool = False


def uid(kind: str, name: str) -> dict[str, str]:
    """Return an entity's uid in Cedar's JSON form."""
    return {"type": kind, "id": name}


class Engine:
    """Decides; made once, safe from many threads."""

    def __init__(self, rules: Mapping[str, str], schema: str) -> None:
        """Take the text of the policy files by their name, and of the schema.

        Raises:
            PolicyInvalid: one does not parse or fit the schema; the file and the error are named.
        """
        try:
            self._schema = cedarpy.Schema.from_str(schema)
        except ValueError as error:
            raise PolicyInvalid(f"{SCHEMA}: {error}.") from error
        for name, text in rules.items():
            self._validate(name, text)
        _require_names(rules)
        self._policies = cedarpy.PolicySet.from_str("\n".join(rules.values()))

    def decide(self, question: Question) -> Verdict:
        """Answer one question."""
        try:
            result = cedarpy.is_authorized(
                dict(question.request), self._policies, json.dumps(question.entities), self._schema
            )
        except (ValueError, TypeError, LookupError):
            return Verdict(False, (), failed=True)
        diagnostics = result.diagnostics
        failed = bool(diagnostics.errors) or result.decision is cedarpy.Decision.NoDecision
        reasons = tuple(sorted(diagnostics.id_annotations_by_reason.values()))
        return Verdict(result.allowed and not failed, reasons, failed)

    def _validate(self, name: str, text: str) -> None:
        found = cedarpy.validate_policies(text, self._schema)
        if not found.validation_passed:
            first = str(found.errors[0]) if found.errors else "does not validate"
            raise PolicyInvalid(f"{name}: {first}.", next_step="Restore the file as it was shipped.")


def _require_names(rules: Mapping[str, str]) -> None:
    """Let every policy have an id of its own, for the reasons that a denial gives."""
    seen: set[str] = set()
    for name, text in rules.items():
        parsed = json.loads(cedarpy.policies_to_json_str(text))
        ids = [each.get("annotations", {}).get("id") for each in parsed["staticPolicies"].values()]
        if parsed["templates"] or None in ids or len({*ids, *seen}) != len(ids) + len(seen):
            raise PolicyInvalid(f"{name}: a policy has no @id of its own.", next_step="Name each policy.")
        seen.update(ids)


def shipped_rules() -> tuple[dict[str, str], str]:
    """Return the policies that ship with the product, by file, and their schema."""
    folder = resources.files("earwitness.policy") / "rules"
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in RULES}
    return texts, (folder / SCHEMA).read_text(encoding="utf-8")


def shipped_engine() -> Engine:
    """Return an engine over the policies that ship with the product.

    Raises:
        PolicyInvalid: they were changed and do not validate.
    """
    return Engine(*shipped_rules())
