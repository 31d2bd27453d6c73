"""HTTP: the twins as web applications, with faults, quotas, webhooks and a control surface."""
