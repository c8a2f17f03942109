"""The rules of the house: frozen values and pure functions. No I/O, no clock, no framework is imported here."""
