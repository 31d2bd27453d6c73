"""The storm: a flash sale in bad weather, once with our stock protocol and once with a plain copy, counted by the same
ledger of the truth."""
