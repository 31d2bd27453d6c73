"""Alerts: owners are notified of exceptions by e-mail, chat or pager."""
