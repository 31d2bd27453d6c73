"""Jobs: the runner claims due jobs and runs them; sessions show which workers are alive."""
