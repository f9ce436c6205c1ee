"""Breaks the real code on purpose, one rule at a time, to see that the simulation notices."""
