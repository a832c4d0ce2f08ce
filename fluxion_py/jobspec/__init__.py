"""Requests: from text, mappings, commands and shapes to a `Jobspec` and back.

The door is `fluxion_py.Jobspec` with its `from_*` and `to_*` methods; each imports the module that
does the work when it is called, so that a program which only needs the classes starts quickly.
"""
