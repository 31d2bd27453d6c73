"""Common: clock, ids, certificates, concurrency and cache; nothing about the business."""
