"""Home control: what a sentence asks of lights, locks, blinds and the rest, and the homes that do it.

The path of a sentence: ``wording`` makes its words uniform, ``grammar`` matches the household's
sentence files, ``targets`` finds the devices a phrase means, ``interpret`` weighs all of it into an
intent or a question, ``planning`` turns the intent into service calls, ``danger`` holds back what
needs a yes, and ``execution`` carries the calls out on a :class:`~.port.HomeControl` and tells what
changed. A home is a YAML file (``virtual``), Home Assistant (``homeassistant``) or MQTT (``mqtt``).
"""
