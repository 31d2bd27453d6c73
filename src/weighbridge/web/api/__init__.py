"""The JSON API under /api/v1: everything the pages show and do, for programs."""
