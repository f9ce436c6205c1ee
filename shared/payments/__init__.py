"""The M-Pesa payment layer: one package, imported the same way by every Lambda and every test."""

import gc

# Most of what a cold start allocates stays for good, and Python's default looks through it again
# after every 2,000 objects. This is a setting of the whole process, made here because this is the
# first import of every function.
gc.set_threshold(100_000)
