"""The stock flow: turns stock in Cin7 into the levels that the store shows."""
