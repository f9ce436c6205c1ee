"""Imports the payments of the earlier Flask + PostgreSQL integration; see docs/migration.md."""
