"""`fluxion`: the command line of instances and simulations."""
