"""The design: the agreed operating model of a connection, read from a file and validated."""
