"""The storm: a flash sale under faults, once with our stock protocol and once with a plain copy, counted by one ledger
that trusts neither."""
