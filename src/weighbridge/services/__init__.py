"""Deeds: what people do by page or API, under the same roles; the audit log has a line of each."""
