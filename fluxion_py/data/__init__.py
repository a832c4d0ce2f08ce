"""Data that ships with the package: the galleries `jobspec` and `resources` of the repository.

The build copies the two folders here (CMakeLists.txt), so that
`importlib.resources.files("fluxion_py") / "data" / "resources" / "elk.yaml"` is a file in a wheel
and in an editable install. Install again after an edit of a gallery file.
"""
