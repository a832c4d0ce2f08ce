"""The API server: reading lists and watches, writing bindings and annotations."""
