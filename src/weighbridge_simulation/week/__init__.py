"""The week: seven days of real baskets against both twins, clean or with forty different faults."""
