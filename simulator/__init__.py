"""A faithful Daraja (M-Pesa STK push) with bad days and a virtual phone; never deployed.

`simulator.core` is pure and synchronous: state, rules, ledger, a clock handed in. Everything else
in this package is the HTTP face that puts it on real time (`python -m simulator`).
"""
