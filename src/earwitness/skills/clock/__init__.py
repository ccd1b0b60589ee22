"""The time and the date, said as people say them."""
