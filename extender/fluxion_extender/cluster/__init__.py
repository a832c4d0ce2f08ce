"""The cluster as we know it: nodes as a graph, and what every pod occupies."""
