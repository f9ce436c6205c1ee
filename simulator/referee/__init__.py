"""A referee: plays bad days against an STK backend and says which money rules it keeps.

The simulator's ledger is the truth. The backend's own word comes from a small adapter file and is
compared with the ledger. The referee needs nothing but the standard library.
"""
