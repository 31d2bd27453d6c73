"""Jobs: the dispatcher starts due jobs, and the durable engine runs each to its end."""
