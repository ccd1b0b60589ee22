from importlib import resources

import pytest

from earwitness.kernel.errors import PolicyInvalid
from earwitness.policy.actions import Action
from earwitness.policy.engine import RULES, SCHEMA, Engine, Question, shipped_engine, shipped_rules, uid

SMALL_SCHEMA = """
entity Household;
entity Person in [Household] { adult: Bool, nickname?: String, age?: Long };
action "look" appliesTo { principal: [Person], resource: [Person] };
"""
ALLOW = '@id("all") permit (principal, action, resource);'
FAILING = '@id("sum") forbid (principal, action, resource) when {{ resource has age && {condition} }};'
OVERFLOW = FAILING.format(condition="resource.age + 9223372036854775807 > 0")


def person(name: str, **attributes: object) -> dict[str, object]:
    return {"uid": uid("Person", name), "attrs": {"adult": True, **attributes}, "parents": []}


def look(*entities: dict[str, object], action: str = "look") -> Question:
    request = {"principal": uid("Person", "a"), "action": uid("Action", action), "resource": uid("Person", "b")}
    return Question(request, entities)


def test_the_shipped_policies_fit_their_schema() -> None:
    assert shipped_engine()
    rules, schema = shipped_rules()
    unfitting = rules["household.cedar"].replace("principal.adult", "principal.grown_up")
    with pytest.raises(PolicyInvalid, match=r"household\.cedar: .*grown_up"):
        Engine({**rules, "household.cedar": unfitting}, schema)


def test_every_policy_file_is_loaded() -> None:
    folder = resources.files("earwitness.policy") / "rules"
    assert {each.name for each in folder.iterdir() if each.is_file()} == {*RULES, SCHEMA}


def test_the_schema_knows_exactly_the_actions_of_the_product() -> None:
    schema = (resources.files("earwitness.policy") / "rules" / SCHEMA).read_text()
    declared = {each for each in schema.split('"') if ":" in each and " " not in each}
    assert declared - {"recording:open"} == {str(each) for each in Action}  # recording:open is a group


def test_a_clean_yes_is_a_yes_and_says_why() -> None:
    verdict = Engine({"a.cedar": ALLOW}, SMALL_SCHEMA).decide(look(person("a"), person("b")))
    assert (verdict.allowed, verdict.reasons, verdict.failed) == (True, ("all",), False)


def test_nothing_permits_by_default() -> None:
    assert not Engine({}, SMALL_SCHEMA).decide(look(person("a"), person("b"))).allowed


def test_a_forbid_that_fails_to_evaluate_is_a_denial() -> None:
    engine = Engine({"a.cedar": ALLOW, "b.cedar": OVERFLOW}, SMALL_SCHEMA)
    assert engine.decide(look(person("a"), person("b"))).allowed
    verdict = engine.decide(look(person("a"), person("b", age=5)))
    assert (verdict.allowed, verdict.failed) == (False, True)


@pytest.mark.parametrize(
    "question",
    [
        look(person("a"), person("b", adult="yes")),  # does not fit the schema
        look(person("a"), person("b", unknown=1)),
        look(person("a"), person("b"), action="touch"),
        look({"no": "uid"}),
        look(person("a"), person("b", age=2**63)),
        Question({}, ()),
    ],
)
def test_what_cannot_be_judged_is_a_denial(question: Question) -> None:
    verdict = Engine({"a.cedar": ALLOW}, SMALL_SCHEMA).decide(question)
    assert (verdict.allowed, verdict.failed) == (False, True)


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        ({"a.cedar": ALLOW, "b.cedar": "permit ("}, "b.cedar"),
        ({"a.cedar": '@id("x") permit (principal, action, resource) when { resource.owner };'}, "a.cedar"),
        ({"a.cedar": '@id("x") permit (principal, action == Action::"touch", resource);'}, "a.cedar"),
        ({"a.cedar": '@id("x") permit (principal, action, resource) when { resource.nickname == "x" };'}, "a.cedar"),
        ({"a.cedar": "permit (principal, action, resource);"}, "no @id"),
        ({"a.cedar": ALLOW, "b.cedar": ALLOW}, "b.cedar: a policy has no @id of its own"),
        ({"a.cedar": '@id("x") permit (principal == ?principal, action, resource);'}, "a.cedar"),
    ],
)
def test_policies_that_do_not_fit_stop_the_start(rules: dict[str, str], named: str) -> None:
    with pytest.raises(PolicyInvalid, match=named):
        Engine(rules, SMALL_SCHEMA)


def test_a_broken_schema_stops_the_start() -> None:
    with pytest.raises(PolicyInvalid, match="cedarschema"):
        Engine({"a.cedar": ALLOW}, "entity {")
