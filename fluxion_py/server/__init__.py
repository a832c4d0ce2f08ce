"""Many clients, one instance: a Unix socket with one JSON object a line, and its client."""
