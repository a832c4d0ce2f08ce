"""The command language of resource-query: one command per line (cli.md 2 and 3)."""
