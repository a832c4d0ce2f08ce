"""Who goes next and where: the queue of the library above the graph of the cluster."""
