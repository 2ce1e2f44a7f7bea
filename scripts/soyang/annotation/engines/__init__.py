"""Tools that predict consequences, behind one contract."""
