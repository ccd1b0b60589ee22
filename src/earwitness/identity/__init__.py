"""Who and what is here: households, people, devices, places, contacts, staff. Names are sealed, no key is known."""
