"""Fulfilment: parcels that were shipped."""
