"""A batch system in a process: a queue with a clock, an executor and a journal."""
