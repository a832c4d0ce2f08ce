from tests.session.driver import driver

__all__ = ["driver"]
