"""What must always be true (I1 to I13 of the payment protocol), judged from outside the product.

Nothing here imports the product's decisions: the table's committed items, the provider's own
ledger and prompts, and the answers that people got are all that is looked at.
"""
