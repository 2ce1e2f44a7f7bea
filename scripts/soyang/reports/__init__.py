"""From findings to one canonical JSON and the page that a clinician reads."""
