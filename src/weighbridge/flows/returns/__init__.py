"""The returns flow: a refund at the store becomes one credit note in Cin7."""
