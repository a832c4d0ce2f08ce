"""What is decided, and what has to be written for it. No I/O and no clock in here."""
