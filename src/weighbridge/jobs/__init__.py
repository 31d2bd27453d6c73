"""Jobs: what is to be done, by whom and when, on the durable engine."""
