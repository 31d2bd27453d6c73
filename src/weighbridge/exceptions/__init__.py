"""Exceptions: what waits for a person, what was done about it, and the safe ways out."""
