"""The retention as a job."""
