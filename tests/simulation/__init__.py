"""Seeded histories of a whole deployment, faults at every network call: docs/proof-how.md."""
