"""Flows: the business workflows, one area each."""
