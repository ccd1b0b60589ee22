"""English words for what stands in a home: kinds of devices, rooms, how much, and how a phrase is built."""

from dataclasses import dataclass

from earwitness.skills.home.model import Entity

OPENERS = frozenset({"blind", "curtain", "shade", "shutter", "awning", "window", "damper"})
"""Device classes of covers that let light in: nobody tells a blind from a shade."""

ENTRANCES = frozenset({"garage", "door", "gate"})
"""Device classes of covers that let people in."""


IRRIGATION = frozenset({
    "sprinkler", "irrigation", "garden", "lawn", "drip", "hose", "plant", "flower", "yard", "zone", "pool", "backyard",
    "greenhouse", "grass",
})  # fmt: skip
"""Words in the name of a valve that waters plants, and floods no house."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a noun stands for: entities of these domains, of these device classes if any are named."""

    domains: tuple[str, ...]
    classes: frozenset[str] = frozenset()
    strict: bool = False  # an entity without a device class does not count

    def fits(self, entity: Entity) -> bool:
        """Whether an entity is of this kind."""
        if entity.domain not in self.domains:
            return False
        found = entity.device_class
        return not self.classes or (found is None and not self.strict) or found in self.classes


_COVER = Kind(("cover",), OPENERS)
_DOOR = Kind(("lock", "cover", "binary_sensor"), ENTRANCES | {"opening", "garage_door"})
KINDS: dict[str, Kind] = {
    "light": Kind(("light",)),
    "blind": _COVER, "curtain": _COVER, "shade": _COVER, "shutter": _COVER, "drape": _COVER, "awning": _COVER,
    "cover": Kind(("cover",)),
    "garage": Kind(("cover",), frozenset({"garage"}), strict=True),
    "gate": Kind(("cover", "lock"), frozenset({"gate"}), strict=True),
    "door": _DOOR,
    "window": Kind(("cover", "binary_sensor"), frozenset({"window"}), strict=True),
    "lock": Kind(("lock",)),
    "fan": Kind(("fan",)),
    "plug": Kind(("switch",)), "switch": Kind(("switch", "input_boolean")),
    "thermostat": Kind(("climate",)), "heating": Kind(("climate", "water_heater")), "radiator": Kind(("climate",)),
    "heater": Kind(("climate", "water_heater")), "heat": Kind(("climate",)), "ac": Kind(("climate",)),
    "climate": Kind(("climate",)), "cooling": Kind(("climate",)), "hvac": Kind(("climate",)),
    "tv": Kind(("media_player",), frozenset({"tv"}), strict=True),
    "speaker": Kind(("media_player",), frozenset({"speaker"})),
    "music": Kind(("media_player",), frozenset({"speaker", "receiver"})),
    "radio": Kind(("media_player",), frozenset({"speaker", "receiver"})),
    "stereo": Kind(("media_player",), frozenset({"speaker", "receiver"})),
    "song": Kind(("media_player",)), "track": Kind(("media_player",)), "media": Kind(("media_player",)),
    "movie": Kind(("media_player",)), "film": Kind(("media_player",)), "video": Kind(("media_player",)),
    "podcast": Kind(("media_player",)), "playback": Kind(("media_player",)), "sound": Kind(("media_player",)),
    "player": Kind(("media_player",)), "show": Kind(("media_player",)), "audio": Kind(("media_player",)),
    "vacuum": Kind(("vacuum",)), "robot": Kind(("vacuum", "lawn_mower")), "cleaner": Kind(("vacuum",)),
    "mower": Kind(("lawn_mower",)), "lawnmower": Kind(("lawn_mower",)),
    "valve": Kind(("valve",)), "sprinkler": Kind(("valve", "switch")), "water": Kind(("valve",)),
    "gas": Kind(("valve",)),
    "alarm": Kind(("alarm_control_panel",)), "security": Kind(("alarm_control_panel",)),
    "scene": Kind(("scene",)), "script": Kind(("script",)), "routine": Kind(("script", "automation")),
    "mode": Kind(("scene", "script", "input_boolean")), "list": Kind(("todo",)), "automation": Kind(("automation",)),
    "humidifier": Kind(("humidifier",)), "dehumidifier": Kind(("humidifier",)), "siren": Kind(("siren",)),
    "camera": Kind(("camera",)), "button": Kind(("button", "input_button")),
    "motion": Kind(("binary_sensor",), frozenset({"motion", "occupancy", "presence"}), strict=True),
    "movement": Kind(("binary_sensor",), frozenset({"motion", "occupancy", "moving"}), strict=True),
    "smoke": Kind(("binary_sensor",), frozenset({"smoke"}), strict=True),
    "leak": Kind(("binary_sensor",), frozenset({"moisture"}), strict=True),
    "weather": Kind(("weather",)),
    "power": Kind(("sensor",), frozenset({"power"}), strict=True),
    "energy": Kind(("sensor",), frozenset({"energy"}), strict=True),
    "person": Kind(("person",)), "people": Kind(("person",)), "sensor": Kind(("sensor", "binary_sensor")),
    "device": Kind(("light", "switch", "fan", "media_player", "input_boolean")),
    "appliance": Kind(("switch",)),
}  # fmt: skip
"""By noun in the singular, after :data:`SAME`."""

CERTAIN_CLASSES = frozenset({"door", "gate", "water", "gas", "alarm", "security", "garage", "window", "sprinkler"})

SAME = {
    "lamp": "light", "bulb": "light", "lighting": "light", "lightbulb": "light", "luminaire": "light",
    "television": "tv", "screen": "tv", "hoover": "vacuum", "roomba": "vacuum", "drape": "curtain",
    "drapery": "curtain",
    "socket": "plug", "outlet": "plug", "refrigerator": "fridge", "sink": "basin", "couch": "sofa", "stove": "cooker",
    "roller": "blind", "deadbolt": "lock", "latch": "lock", "faucet": "tap", "dishwashing": "dishwasher",
    "washer": "washing", "soundbar": "speaker", "heaters": "heater", "ventilator": "fan", "overhead": "ceiling",
    "grocery": "shopping", "thermometer": "temperature",
}  # fmt: skip
"""Nouns that mean the same; applied to both sides, and only when the very words do not match."""

ROOMS = (
    frozenset({"living room", "lounge", "sitting room", "front room", "family room", "livingroom", "parlour"}),
    frozenset({"hall", "hallway", "corridor", "entrance", "entryway", "entry", "foyer", "entrance hall", "vestibule"}),
    frozenset({"bathroom", "washroom", "loo", "toilet", "restroom"}),
    frozenset({"garden", "yard", "backyard", "back yard", "outside", "outdoors", "patio", "out back"}),
    frozenset({"office", "study", "home office", "workroom"}),
    frozenset({"nursery", "baby room", "babys room", "kids room", "childrens room"}),
    frozenset({"basement", "cellar"}),
    frozenset({"attic", "loft"}),
    frozenset({"laundry", "laundry room", "utility room"}),
)
"""Names of the same room: used when a home has no room of the very name."""

STOREYS = {
    "upstairs": 1, "downstairs": -1, "top": 2, "upper": 1, "lower": -1,
}  # fmt: skip
"""Words for floors, relative to each other, when no floor has the name."""

ARTICLES = frozenset({
    "it", "them", "the", "a", "an", "my", "our", "your", "his", "her", "their", "this", "that", "these", "those",
    "some", "in", "on", "at", "of", "to", "from", "inside", "over", "there", "with", "for", "which", "is", "are",
    "by", "onto", "into", "around", "throughout", "across", "within", "near", "both", "one", "ones", "current",
    "currently", "present", "floor",
})  # fmt: skip
"""Words of a phrase that need no explanation."""

PRONOUNS = frozenset({"it", "them", "that", "those", "these", "this", "they", "that one", "this one", "the same"})
"""What stands for the things that were spoken of before."""

QUANTIFIERS = frozenset({"all", "every", "each", "everything", "both", "any", "entire", "whole", "single", "anything"})
EVERYTHING = frozenset({"everything", "anything", "all", "it all", "all of it"})
HERE = frozenset({"here", "room", "place", "area", "space"})
EVERYWHERE = (
    r"\b(?:everywhere|all over(?: the (?:house|home|place))?|(?:in |across |of )?(?:every|each|all|all the) rooms?|"
    r"at home|"
    r"(?:(?:in|at|across|throughout|around|of|all|over|the|my|our|entire|whole) )+(?:house|home|apartment|flat|place))"
    r"(?=$| (?:and|except|but|apart|other|on|off)\b)"
)
"""How the whole home is said."""
EXCEPT = r"\b(?:except(?: for)?|but not|apart from|other than|besides|excluding|aside from|but)\b"

ASPECTS = {
    "brightness": "brightness", "bright": "brightness", "dimness": "brightness", "luminosity": "brightness",
    "volume": "volume", "loudness": "volume", "temperature": "temperature", "temp": "temperature",
    "speed": "speed", "position": "position", "color": "color", "hue": "color",
    "humidity": "humidity", "level": "level", "setting": "level", "intensity": "brightness", "battery": "battery",
}  # fmt: skip
"""Nouns for what of a device is meant: "the brightness of the kitchen light"."""
