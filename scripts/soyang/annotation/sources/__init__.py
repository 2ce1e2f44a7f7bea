"""Readers of knowledge sources: each gives its records as one small set of columns."""
