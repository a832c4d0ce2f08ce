"""Properties: the compiled core, the oracle and the verifier against each other."""
