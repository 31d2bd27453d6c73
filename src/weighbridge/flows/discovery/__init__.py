"""Discovery: how jobs come about, by webhooks, sweeps and changes of the design."""
