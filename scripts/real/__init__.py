"""The real run: NA12878's reads over BRCA1, prepared from the shared evaluation data."""
