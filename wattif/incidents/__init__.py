"""Incidents of a city: what is reported, dispatched, worked on and closed, in the world of the readings."""
