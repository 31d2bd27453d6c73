"""Customers: which Cin7 customer an order is billed to."""
