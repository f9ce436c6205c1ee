"""The M-Pesa payment layer: one package, imported the same way by every Lambda and every test."""
