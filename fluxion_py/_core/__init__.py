"""The compiled core: columns of the graph, time lines, and the matching engine."""
