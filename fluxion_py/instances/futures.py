"""`concurrent.futures` on an instance: each call of `submit` is a job."""

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fluxion_py.instances.instance import Instance


class InstanceExecutor(Executor):
    """Submits commands as jobs of an instance that runs (`Instance.run`).

    The result of a future is the return code; a job that was refused or lost gives its error.
    `Future.cancel` works as long as the job is pending.
    """

    def __init__(self, instance: "Instance", options: dict[str, Any]) -> None:
        raise NotImplementedError

    def submit(self, command: Sequence[str], /, **options: Any) -> "Future[int]":  # type: ignore[override]  # noqa: ANN401
        """Submit a command; `options` as for `Jobspec.from_command`, over those of the executor."""
        raise NotImplementedError

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more; wait for all, or cancel those that have not started."""
        raise NotImplementedError
