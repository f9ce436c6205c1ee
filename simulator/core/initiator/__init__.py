"""The APIs that an initiator calls: Reversal, Transaction Status, Account Balance and B2C.

Each call is acknowledged at once. Its Result is posted to the call's ResultURL later.
Source: daraja-money.md 1.0 to 1.5.
"""
