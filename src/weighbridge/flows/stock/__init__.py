"""The stock flow: what Cin7 has becomes what the store may sell."""
