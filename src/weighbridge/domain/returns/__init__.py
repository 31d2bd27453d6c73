"""Returns: refunds, credit notes and restocking."""
