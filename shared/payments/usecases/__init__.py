"""What the product does, one module per use: effects around the pure decisions."""
