"""HTTP: the console, the JSON API and the webhook receiver."""
