"""Actions of users, by page, API or command line: each checks permissions and writes the audit log."""
