"""Findings: what a check found, with its severity and owner."""
