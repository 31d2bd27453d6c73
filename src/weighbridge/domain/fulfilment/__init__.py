"""Fulfilment: parcels that left the warehouse."""
