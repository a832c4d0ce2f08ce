from tests.cli.driver import tool

__all__ = ["tool"]
