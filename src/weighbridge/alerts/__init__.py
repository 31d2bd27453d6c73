"""Alerts: people are told of exceptions where they are, by e-mail, chat or pager."""
