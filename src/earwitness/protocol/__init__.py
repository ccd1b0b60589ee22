"""What devices and hub say to each other: our own protocol in ``device``, Wyoming beside it; codecs and bounds."""
