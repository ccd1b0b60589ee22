"""Names and words to fill the slots of training sentences with: an invented household, things, messages, music.

They only have to be varied: the tagger sees of a name mostly that it is one of the household's.
"""

from earwitness.understanding.context import Context, Named

_AREAS = (
    "kitchen,living room,bedroom,bathroom,hall,office,garage,garden,dining room,basement,attic,nursery,guest room,"
    "kids room,laundry room,patio,master bedroom,hallway,study,playroom,library,workshop,den,porch,balcony,sunroom"
)
_LIGHTS = (
    "kitchen light,ceiling light,floor lamp,desk lamp,bedroom lights,night light,porch light,reading lamp,bedside lamp,"
    "hall light,mirror light,counter lights,chandelier,garden lights,table lamp,fairy lights,spotlights,left lamp"
)
_OTHERS = {
    "switch": "coffee machine,freezer,christmas tree,towel rail,dishwasher,kettle,heater,printer,fountain,dehumidifier",
    "cover": "living room blinds,office blind,bedroom curtains,garage door,kitchen shutter,skylight,awning,front gate",
    "lock": "front door,back door,side door,cellar door,main door,shed door",
    "fan": "bedroom fan,extractor hood,ceiling fan,desk fan,bathroom fan",
    "climate": "living room thermostat,bedroom radiator,air conditioner,floor heating",
    "media_player": "television,kitchen speaker,soundbar,radio,record player",
    "vacuum": "rosie,robot vacuum,dusty",
    "valve": "garden sprinkler,water valve",
    "scene": "movie night,good night,romantic dinner,reading,party,morning routine",
}
ITEMS = (
    "milk,eggs,bread,butter,a dozen eggs,olive oil,toilet paper,two bottles of water,cat food,orange juice,dish soap,"
    "bananas,apples,cheese,ground beef,coffee beans,green tea,paper towels,batteries,a birthday card,chicken breast,"
    "tomatoes,onions and garlic,sugar,flour,laundry detergent,shampoo,toothpaste,dog treats,peanut butter,cereal,"
    "frozen peas,ice cream,red wine,half a pound of ham,light bulbs,clean the windows,call the plumber,wash the car,"
    "pay the rent,water the plants,fix the fence,mow the lawn,book the hotel,return the library books,trash bags,"
    "three lemons,brown rice,yogurt,salmon,candles,printer ink,mop the floor,feed the fish,new socks,vitamins"
)
MESSAGES = (
    "call mom,take out the trash,take my medicine,feed the cat,check the oven,pick up the kids,pay the bills,"
    "buy flowers,water the plants,call the dentist,walk the dog,turn the roast,send the report,close the windows,"
    "drink some water,go to the gym,wish anna a happy birthday,charge the car,get the laundry,lock the shed,"
    "renew my passport,bring the umbrella,start dinner,defrost the chicken,put the bins out,stretch my back"
)
QUERIES = (
    "some jazz,classical music,the beatles,my favorite playlist,rock music,the news,an audiobook,relaxing music,"
    "bohemian rhapsody,something by mozart,the latest album by adele,christmas songs,piano music,the morning show,"
    "songs from the eighties,whale sounds,the rolling stones,a podcast about history,radio paradise,party music,"
    "the soundtrack of frozen,lullabies,miles davis,workout music,white noise,country songs,blue in green"
)
_LISTS = "shopping,to do,grocery,packing,chores,hardware,christmas,party,work,weekend,book,birthday"
_PEOPLE = "anna,john,maria,peter,sophie,david,mom,dad,grandma"


def _named(kind: str, names: str, domain: str = "") -> tuple[Named, ...]:
    return tuple(Named(f"{kind}.{name.replace(' ', '_')}", name, (), domain) for name in names.split(","))


def household() -> Context:
    """The invented household."""
    devices = _named("light", _LIGHTS, "light")
    for domain, names in _OTHERS.items():
        devices += _named(domain, names, domain)
    return Context(
        areas=_named("area", _AREAS), devices=devices, lists=_named("list", _LISTS), people=_named("person", _PEOPLE)
    )


FREE: dict[str, tuple[str, ...]] = {
    "item": tuple(ITEMS.split(",")),
    "message": tuple(MESSAGES.split(",")),
    "query": tuple(QUERIES.split(",")),
}
