"""Web: everything that answers HTTP."""
