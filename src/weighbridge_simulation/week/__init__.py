"""The week: seven days of real baskets against both twins, without faults or with forty different ones."""
