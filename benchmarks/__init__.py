"""Benchmarks: the product against the twins in separate processes; results are counts, ratios and percentiles."""
