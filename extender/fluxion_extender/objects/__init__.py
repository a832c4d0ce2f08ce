"""The Kubernetes objects that we read, as typed structs: only the fields that matter here."""
