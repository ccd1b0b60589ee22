"""Make a sentence's words uniform before it is matched: no politeness, no contractions, digits.

The order: letters and punctuation, contractions, numbers, units, then whatever is said only to be
friendly ("could you … for me, please"). What is left is an order, a question or a remark.
"""

import re

from earwitness.understanding.numbers import number

_CONTRACTIONS = (
    (r"\bwon't\b", "will not"),
    (r"\bcan't\b", "can not"),
    (r"\bcannot\b", "can not"),
    (r"\bain't\b", "is not"),
    (r"n't\b", " not"),
    (r"\b(i)'m\b", r"\1 am"),
    (
        r"\bits\b(?! (?:dock|base|charger|home|charging|docking|station|own|\w+est|m(?:in|ax)imum))",
        "it is",
    ),
    (r"\b(that|what|where|who|how|there|here|which|he|she|everything|everyone|anyone|someone)'?s\b(?=.)", r"\1 is"),
    (r"\bit's\b", "it is"),
    (r"'re\b", " are"),
    (r"'ve\b", " have"),
    (r"'ll\b", " will"),
    (r"'d\b", " would"),
    (r"\blet's\b", "let us"),
    (r"\b(i|we) would (?:really )?(?:like|love|prefer)\b", r"\1 want"),
    (r"\b(i|we) really (want|need)\b", r"\1 \2"),
    (r"\b(?:the )?power (?:to|of|for) ", ""),
    (r"\bdouble check\b", "check"),
    (r"\ba (degree|notch|percent)\b", r"1 \1"),
    (r"\ba couple (?:of )?(degrees|notches|percent)\b", r"2 \1"),
    (r"\ba few (degrees|notches|percent)\b", r"3 \1"),
    (r"\bnite\b", "night"),
    (r"\blite(s?)\b", r"light\1"),
    (r"\bteh\b", "the"),
    (r"\b(gonna)\b", "going to"),
    (r"\b(wanna)\b", "want to"),
    (r"\b(gotta)\b", "have to"),
    (r"\b(lemme)\b", "let me"),
    (r"\b(dont)\b", "do not"),
    (r"\b(im)\b", "i am"),
    (r"\bcolour", "color"),
    (r"\bcozy\b", "cosy"),
    (r"\bgrey\b", "gray"),
)
_UNITS = (
    (r"(\d)\s*%", r"\1 percent"),
    (r"\bper cent\b|\bpct\b", "percent"),
    (r"(\d)\s*°\s*[cf]?\b", r"\1 degrees"),
    (r"(\d)\s*°", r"\1 degrees"),
    (r"\b(degrees?) (celsius|centigrade|fahrenheit|c|f)\b", "degrees"),
    (r"\b(\d+) ?k\b", r"\1 kelvin"),
    (r"\b(air con|aircon|air conditioner|air conditioning|air-conditioning|a/c|a c)\b", "ac"),
    (r"\bt v\b|\btvs\b", "tv"),
    (r"\btelly\b|\btelevision set\b", "tv"),
)
_FRIENDLY_START = re.compile(
    r"^(?:"
    r"hey|hi|hello|ok|okay|um+|uh+|er+|well|so|oh|and|now|right|alright|sorry|quick|quickly|yes|yeah|"
    r"please|kindly|just|maybe|perhaps|also|then|hurry|hurry up and|go ahead and|be so kind as to|be a dear and|"
    r"(?:could|can|would|will|might) you(?: (?:please|kindly|just|maybe|possibly|quickly|also|go ahead and|"
    r"be able to|be so kind as to))*"
    r"(?: (?:mind|help me(?: to)?|manage to))?|"
    r"(?:do|would) you mind|(?:is|would) it (?:be )?possible (?:for you )?to|is it ok to|"
    r"i(?: would|)? (?:really )?(?:like|want|need|love|prefer)(?: it if)?(?: for)? you(?: to| could| would)?|"
    r"i (?:would|should|will|) ?(?:really )?(?:like|want|need|love|prefer) (?:to|it if)|"
    r"i (?:have|need) to|"
    r"(?:could|can|may|might) (?:i|we)(?: please)? (?:have|get|ask you to)|(?:could|can|may|might) (?:i|we)|"
    r"let us|let me(?! in| out)|help me(?: to)?|make sure to|"
    r"(?:it is|i think it is|i guess it is|) ?time to|remember to|try to|you (?:should|can|may|could|need to|have to)|"
    r"we (?:should|need to|have to)|i think(?: that)?(?: (?:you|we) should)?|(?:can|could|may)(?= (?:the|my|"
    r"our|all)\b)|it would be (?:nice|great|good) if you (?:could|would)?|"
    r"i was wondering if you (?:could|would)|i wonder if you (?:could|would)|"
    r"computer|assistant|alexa|jarvis|nabu|house"
    r")\b[ ,]*"
)
_FRIENDLY_END = re.compile(
    r"[ ,]*\b(?:please|thanks|thank you(?: very much| so much)?|for me|for us|would you|will you|could you|can you|"
    r"if you (?:can|could|would|do not|would not)(?: mind)?|if possible|right now|right away|immediately|at once|"
    r"asap|quickly|when you can|ok|okay|now|again|already|my dear|buddy|mate|at the moment|currently|today|tonight|"
    r"straight away|this instant|real quick|then|too|as well|instead)$"
)
_ASSURED = re.compile(
    r"\b(?:make (?:sure|certain)|ensure|see to it)(?: that)? (.+?) (?:is|are|gets?) "
    r"(on|off|open|closed|shut|locked|unlocked|at .+|set to .+)$"
)
"""\"Make sure the door is locked\" is an order; \"check if the door is locked\" is not."""
_FILLERS = re.compile(r"\b(?:please|kindly|um+|uh+|erm*|actually|basically|sort of|kind of|you know|like,)\b")
_GERUNDS = {
    "turning": "turn", "switching": "switch", "putting": "put", "dimming": "dim", "opening": "open",
    "closing": "close", "shutting": "shut", "locking": "lock", "unlocking": "unlock", "setting": "set",
    "making": "make", "lowering": "lower", "raising": "raise", "starting": "start", "stopping": "stop",
    "playing": "play", "pausing": "pause", "changing": "change", "bringing": "bring", "adding": "add",
    "increasing": "increase", "decreasing": "decrease", "brightening": "brighten", "cleaning": "clean",
    "adjusting": "adjust", "activating": "activate", "vacuuming": "vacuum", "skipping": "skip",
    "muting": "mute", "checking": "check", "telling": "tell", "killing": "kill", "cutting": "cut",
    "drawing": "draw", "pulling": "pull", "running": "run", "sending": "send", "reducing": "reduce",
}  # fmt: skip
"""What "would you mind turning …" turns into."""


def normalise(sentence: str) -> str:
    """Return the sentence in lower case with digits, without punctuation, contractions and politeness."""
    return _plain(uniform(sentence))


def uniform(text: str) -> str:
    """The same without taking politeness away, for names."""
    text = _letters(text)
    for pattern, plain in _CONTRACTIONS:
        text = re.sub(pattern, plain, text)
    text = re.sub(r"'s\b", "s", text).replace("'", "")
    text = _numbers(text)
    for pattern, plain in _UNITS:
        text = re.sub(pattern, plain, text)
    return text


def _letters(sentence: str) -> str:
    text = sentence.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("`", "'")
    text = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", text)
    text = re.sub(r"(?<!\d)[.:](?!\d)|[.:](?=\s|$)|[!?;\"“”()\[\]{}<>|*_]", " ", text)
    text = re.sub(r"\s*[,\u2014\u2013]\s*|\s+-\s+", " , ", text)
    return " ".join(text.split()).strip(" ,")


def _numbers(text: str) -> str:
    """Write numbers in digits: "twenty one and a half" is 21.5."""
    words, out, at = text.split(), [], 0
    while at < len(words):
        found = None if _no_number(words, at) else number(words, at)
        if found:
            out.append(f"{found[0]:g}")
            at = found[1]
        else:
            out.append(words[at])
            at += 1
    return " ".join(out)


def _no_number(words: list[str], at: int) -> bool:
    """Whether a word is no number here: half is a share, "this one" is no count."""
    return words[at] in {"half", "oh"} or (
        words[at] == "one" and words[at - 1 : at] in (["this"], ["that"], ["which"], ["other"])
    )


def _plain(text: str) -> str:
    """Take away, from both ends, what is said only to be friendly."""
    text = " ".join(_FILLERS.sub(" ", text).split()).strip(" ,")
    text = _ASSURED.sub(r"\1 to be \2", text)
    before = None
    while before != text and text:
        before = text
        shorter = _FRIENDLY_START.sub("", text, count=1).strip(" ,")
        text = shorter if shorter and len(shorter.split()) > 1 else text
        shorter = _FRIENDLY_END.sub("", text).strip(" ,")
        text = shorter or text
    first, _, rest = text.partition(" ")
    return f"{_GERUNDS[first]} {rest}".strip() if first in _GERUNDS and rest else text


def singular(word: str) -> str:
    """Return the singular of a plain English plural, the word itself otherwise."""
    if len(word) > 4 and word.endswith("ches" if word.endswith("ches") else "shes"):  # noqa: PLR2004 - switches
        return word[:-2]
    if len(word) > 3 and word.endswith("ies"):  # noqa: PLR2004 - batteries
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):  # noqa: PLR2004 - lights
        return word[:-1]
    return word
