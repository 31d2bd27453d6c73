"""Catalogue: products of Cin7 as listings of the store."""
