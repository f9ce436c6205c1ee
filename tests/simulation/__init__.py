"""Seeded histories of a whole deployment with faults at every network call; see docs/proof.md."""
