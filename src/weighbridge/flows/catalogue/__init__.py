"""The catalogue flow: products of Cin7 become listings of the store."""
