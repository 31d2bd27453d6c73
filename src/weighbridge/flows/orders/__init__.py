"""The orders flow: an order of the store becomes one sale in Cin7."""
