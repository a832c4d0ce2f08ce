"""How jobs run: the interface of executors, a simulated and a local one."""
