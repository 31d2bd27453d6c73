"""Exceptions that wait for a person: their records, actions of users, and the playbooks that resolve them."""
