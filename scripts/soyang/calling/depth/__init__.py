"""Copy number from depth: bins, normalisation, segmentation, events."""
