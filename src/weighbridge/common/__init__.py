"""Common: clock, ids, certificates and concurrency; nothing of the business."""
