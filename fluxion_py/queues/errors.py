"""The errors of queues."""

from fluxion_py.errors import FluxionError


class QueueError(FluxionError, RuntimeError):
    """A job or a queue cannot do that in its state; `str()` is one line."""


class LimitError(QueueError, ValueError):
    """A job asks for more than its queue allows."""
