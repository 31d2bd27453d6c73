"""Benchmarks: the product against the twins, each a process of its own; figures are counts, ratios and percentiles."""
