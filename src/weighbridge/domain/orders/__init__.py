"""Orders: which ones are posted, what is checked, and the sale that each becomes."""
