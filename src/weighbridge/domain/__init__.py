"""The domain: pure decisions on frozen values. No I/O, no clock, no settings."""
