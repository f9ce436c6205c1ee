"""What the product does, one module per use: the effects around the pure decisions."""
