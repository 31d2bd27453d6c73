"""Worker: one running process that does the jobs."""
