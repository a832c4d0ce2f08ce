"""Slow, obvious second implementations that the compiled core is compared with."""
