"""The HTTP doors: the four verbs of kube-scheduler, and what people and monitors ask."""
