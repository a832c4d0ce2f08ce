"""A real control plane as local processes, a stand-in for kubelets, an independent recount."""
