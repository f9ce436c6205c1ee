"""Adapters for the referee. docs/referee.md has the scores."""
