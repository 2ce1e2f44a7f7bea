"""The ledger in which everyone ends, and where everything came from."""
