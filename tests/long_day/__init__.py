"""The whole deployed local stack under people and bad days for an hour, and the audit after it."""
