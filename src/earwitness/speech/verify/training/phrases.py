"""Phrases that a verifier is taught to reject besides the dictionary's words: known triggers, and our own."""

PHRASES = {
    "alexa": (
        "a lecture", "a lexicon", "the legs are", "I like sir", "relax a bit", "expects a lot", "a leg so",
        "election", "election day", "select a few", "accept a", "except a", "next a", "legs of", "Alec said",
        "Alex and",
        "Alex is", "Alex", "like some", "collects a", "he lacks a", "a lack so", "a lesson", "eleven", "elect her",
        "elects a", "the next one", "electric", "a neck so", "alas a", "annexed a", "annex uh", "unexpected",
        "a letter",
        "a letter from him", "I guess a", "let's see", "let's go", "also", "a lot so", "a leak so", "a lake so",
        "a lock so", "a luck so", "a less", "a legend", "ellipsis", "axle", "axis", "Texas", "the Texas", "a text",
        "a checks a", "Mexico", "exit", "exact", "a sec so", "a deck so", "accessible", "successor", "alike so",
        "complex a", "reflex a", "duplex are", "Felix a", "helix a", "a flex are", "Alexander", "Alexandra",
        "Lex Luthor", "a relaxer", "lecturer", "unacceptable", "this is unacceptable", "Lexus", "a Lexus", "lexa",
        "Alexis", "extra", "ketchup", "we like some privacy", "tobacco", "a letter for you", "an annex",
    ),
    "hey jarvis": (
        "hey harvest", "a jar of this", "hey Charles", "hey Marvin", "the harvest", "hey Jarvi", "hey Travis",
        "hey Jarvik", "a service", "hey nervous", "hey guitars", "pay Jarvis", "they charge us", "hey jar", "hey there",
        "hey Jason", "jarvis", "hey", "hey Harvey", "hey Carver", "say Jarvis", "hey Jervis", "hey Mavis",
    ),
    "okay nabu": (
        "okay now", "okay nobody", "okay naboo boo", "okay neighbour", "okay not you", "okay no boo", "okay number",
        "okay Google", "okay nah but", "okay maybe", "okay zebu", "okay", "nabu", "okay bamboo", "okay taboo",
        "okay na", "okay new", "okay Dobby", "okay not bad", "oh can I boo", "hey nabu", "okay nappy", "okay navy",
    ),
    "hey mycroft": (
        "hey my cross", "hey Minecraft", "hey microphone", "hey Microsoft", "a micro", "hey my craft", "hey my cough",
        "they might drop", "hey Mike rolled", "hey my crop", "hey Bancroft", "hey aircraft", "hey hovercraft",
        "my croft",
        "hey mycology", "hey", "Mycroft", "say my craft", "hey Mike", "hey Michael", "hey my", "hey Ashcroft",
    ),
}  # fmt: skip
PHONES = {  # words the dictionary does not have, and ways people say those it has
    "alexa": tuple((first, "L", "EH", "K", "S", "AH") for first in ("AH", "AE", "IH")),
    "okay nabu": (("OW", "K", "EY", "N", "AA", "B", "UW"), ("OW", "K", "EY", "N", "AE", "B", "UW")),
    "hey mycroft": tuple(("HH", "EY", "M", "AY", "K", "R", vowel, "F", "T") for vowel in ("AO", "AH")),
}  # fmt: skip
