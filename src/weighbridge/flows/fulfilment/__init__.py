"""The fulfilment flow: parcels of Cin7 become shipments at the store."""
