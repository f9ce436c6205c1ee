"""The APIs that an initiator calls: Reversal, Transaction Status, Account Balance and B2C.

Each call is acknowledged at once. Its Result is posted to the call's ResultURL later.
Source: docs/daraja.md 9.1 to 9.5.
"""
