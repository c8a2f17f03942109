"""The `concierge` command: the only place that composes the apps."""
