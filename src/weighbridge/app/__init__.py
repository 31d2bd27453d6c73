"""App: the composition root, where an installation is wired."""
