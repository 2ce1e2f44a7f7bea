"""Benchmarks: us and the peer in one run, one line for each comparison."""
