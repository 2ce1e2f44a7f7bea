"""Structural variants: what callers say, in one form, and how it becomes one call set."""
