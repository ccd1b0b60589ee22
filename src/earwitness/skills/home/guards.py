"""Sentences that sound like orders and are none: negated ones, and those for another time."""

import re

_NEGATED = re.compile(
    r"^(?:no ,? ?|please )?(?:do not|never|no need to|stop trying to|you (?:must|should) not|do you not|let us not|"
    r"you do not (?:have|need) to|i do not want you to|i never want|i would not|i would rather not|not)\b"
    r"|\b(?:i|we) (?:do not|would not|never) (?:want|like|need) (?:you to|the|to)\b"
    r"|^leave .* (?:on|off|open|closed|shut|locked|unlocked|alone|running|as it is|as they are|the way .*)$"
    r"|\b(?:never ?mind|forget it|forget that|cancel that|scratch that)\b|\bor (?:else )?do not$"
)
_WANTED_OFF = re.compile(r"^(?:i|we) do not (?:need|want) .*(?:any ?more|any longer|on)$")
"""Who does not want the light on any more wants it off."""

_UNIT = r"(?:second|minute|min|hour|day|week|hr|sec)s?"
_WHO = r"(?:i|we|you|it|the|there|someone|somebody|nobody|no one|everyone|my|he|she|they|anyone)"
_LATER = re.compile(
    rf"\b(?:in|for|after|every|within) (?:\d+(?:\.\d+)?|a|an|half an|a few|a couple of) (?:more )?{_UNIT}\b"
    r"|\bat (?:\d{1,2}(?::\d\d)? ?(?:am|pm|a m|p m|o ?clock|oclock)|\d{1,2}:\d\d)\b"
    r"|\bat (?:noon|midnight|sunset|sunrise|dusk|dawn|night)\b"
    r"|\b(?:tomorrow|later|next (?:week|morning)|this (?:evening|afternoon)|until|half past|quarter (?:past|to))\b"
    r"|\bevery (?:day|morning|evening|night|week|monday|sunday|hour)\b"
    r"|\bon (?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
    r"|\b(?:before (?:i|we|bed|sunset|dinner)|after (?:i|we|dinner|sunset|lunch))\b"
    r"|^(?:when|whenever|if|once|unless|while|as soon as)\b"
    rf"|\b(?:when|whenever|if|once|unless|as soon as|while) {_WHO}\b"
)
_REPORTED = re.compile(
    r"\b(?:tell me|check|see|know|find out|look|say|wonder|wondering|true|idea|sure)\b.{0,12}"
    r"\b(?:if|whether|that|when)\b"
)
"""In "check if the door is locked" the if is part of the question."""


def negated(text: str) -> bool:
    """Whether a sentence says what not to do."""
    return bool(_NEGATED.search(text)) and not _WANTED_OFF.search(text)


def for_later(text: str) -> bool:
    """Whether a sentence is about another time, or depends on something."""
    return bool(_LATER.search(text)) and not _REPORTED.search(text)
