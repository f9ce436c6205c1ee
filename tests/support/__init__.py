"""What the tests share: the World that the handlers run in, and the parts it is made of."""
