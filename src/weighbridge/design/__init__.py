"""The design: the agreed operating model of a connection, as a file that people read and machines check."""
