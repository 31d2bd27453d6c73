"""Reference data: what both systems must agree on before the first order."""
