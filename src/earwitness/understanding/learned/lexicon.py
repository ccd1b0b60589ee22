"""Classes of common English words, so that the tagger need not have met every month or every fruit.

Written for this project from general knowledge. A household's own names come on top, from its context.
"""

from collections.abc import Mapping, Sequence

from earwitness.understanding.colours import COLOURS
from earwitness.understanding.numbers import ORDINALS, TENS, UNITS

_LISTS: Mapping[str, str] = {
    "day": "monday tuesday wednesday thursday friday saturday sunday weekday weekdays weekend weekends",
    "month": "january february march april may june july august september october november december",
    "date": "today tomorrow yesterday tonight week month year day days weeks months christmas easter halloween"
    " thanksgiving birthday anniversary holiday",
    "daypart": "morning afternoon evening night noon midday midnight am pm o'clock breakfast lunch dinner",
    "unit": "second seconds minute minutes hour hours min mins sec secs hr hrs percent degrees celsius fahrenheit",
    "relation": "mom mum mother dad father brother sister son daughter wife husband uncle aunt grandma grandpa cousin"
    " friend boss colleague neighbor neighbour boyfriend girlfriend nephew niece roommate teacher doctor",
    "cuisine": "chinese italian indian thai mexican japanese french greek korean vietnamese turkish spanish american"
    " vegan vegetarian sushi pizza pasta burger burgers noodles curry tacos burrito sandwich salad steak chicken",
    "grocery": "milk bread eggs egg butter cheese yogurt cream flour sugar salt pepper rice oil olive coffee tea juice"
    " water beer wine apples apple bananas banana oranges lemon lemons grapes strawberries tomatoes tomato potatoes"
    " potato onions onion garlic carrots lettuce spinach cucumber mushrooms ham bacon sausage fish salmon beef pork"
    " turkey cereal oats honey jam chocolate cookies chips soap shampoo toothpaste detergent towels paper batteries"
    " diapers napkins tissues ketchup mustard mayonnaise vinegar beans lentils nuts almonds",
    "room": "kitchen bedroom bathroom hall hallway lounge office study garage garden basement attic nursery porch patio"
    " balcony corridor cellar laundry toilet dining living room house home upstairs downstairs",
    "device": "light lights lamp lamps bulb bulbs fan fans heater heating thermostat tv television radio"
    " speaker speakers"
    " blinds blind curtains curtain shutters shutter door doors window windows lock plug socket outlet switch vacuum"
    " hoover robot kettle oven dishwasher washer dryer camera alarm sprinkler coffee maker machine",
    "genre": "jazz rock pop classical blues country metal punk folk reggae soul techno disco funk opera hip hop rap",
    "media": "song songs music album albums playlist artist band track podcast podcasts audiobook book radio station"
    " movie movies episode game games",
    "money": "dollar dollars euro euros pound pounds yen yuan rupee rupees peso pesos franc usd gbp eur cents",
    "place": "london paris berlin madrid rome vienna amsterdam brussels dublin lisbon prague warsaw budapest athens"
    " stockholm oslo copenhagen helsinki moscow istanbul cairo dubai delhi mumbai beijing shanghai tokyo seoul"
    " singapore sydney melbourne toronto montreal vancouver chicago boston seattle dallas houston denver miami"
    " atlanta philadelphia phoenix detroit orlando york angeles francisco vegas washington texas california florida"
    " england scotland ireland france germany spain italy india china japan russia canada mexico brazil australia"
    " america europe africa asia",
    "transport": "train trains bus buses taxi cab uber lyft flight plane subway metro tram ferry car bike"
    " ticket tickets",
    "social": "facebook twitter instagram snapchat linkedin whatsapp reddit tumblr youtube",
    "weather": "rain raining rainy snow snowing sunny cloudy windy storm stormy hot cold warm humid fog foggy umbrella"
    " jacket coat forecast",
    "person": "john mary david sarah michael emma james anna robert laura peter julia paul lisa mark susan tom kate bob"
    " alice jack lucy sam jane george helen",
}
CLASSES: dict[str, str] = {word: name for name, text in reversed(list(_LISTS.items())) for word in text.split()}
CLASSES |= dict.fromkeys([*UNITS, *TENS, "hundred", "thousand", "million", "half", "quarter"], "number")
CLASSES |= dict.fromkeys(ORDINALS, "ordinal")
CLASSES |= {name: "colour" for name in COLOURS if " " not in name}

LONGEST_NAME = 5
Names = Mapping[tuple[str, ...], str]


def word_classes(said: Sequence[str], names: Names) -> list[str]:
    """For each word its class: the kind of a household's name it is part of, else the lexicon's, else nothing."""
    classes = ["digits" if word.isdigit() else CLASSES.get(word, "") for word in said]
    at = 0
    while at < len(said):
        for size in range(min(LONGEST_NAME, len(said) - at), 0, -1):
            kind = names.get(tuple(said[at : at + size]))
            if kind:
                classes[at : at + size] = [f"my {kind}"] * size
                at += size - 1
                break
        at += 1
    return classes
