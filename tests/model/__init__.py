"""docs/protocol.md as a program: small enough to read beside it, and to try every state of.

Read `state.py` (what is stored), `money.py` (sections 3 to 5 and 10), `people.py` (what persons
may do) and `refunds.py` (section 11). `worlds/` lets messages get lost, double and come late around
them; `trace.py` holds every committed change of the simulation against them. Nothing here imports
the product.
"""
