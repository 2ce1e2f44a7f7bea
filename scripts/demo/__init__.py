"""The demo: its reference, and the synthetic cohort that runs through every room."""
