"""The world: simulated shoppers, staff and a warehouse that act on both twins."""
