"""A home that is a YAML file: rooms, devices and states, with devices that do what they are told."""
