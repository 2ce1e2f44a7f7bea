"""Who may enter, and the reason for everyone who may not."""
