"""Access: users and roles, passwords, sessions, tokens, and the audit log."""
