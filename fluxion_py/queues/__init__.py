"""Who goes next, and when: jobs, their states and events, order, policies. No clock, no files."""
