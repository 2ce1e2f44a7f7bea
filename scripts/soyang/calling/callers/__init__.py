"""Small-variant callers behind one interface; see ``protocol``."""
