"""The recogniser's acoustic model as arrays, aligned with what people said and moved towards how they say it."""
