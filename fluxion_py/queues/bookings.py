"""The seam to the matcher: start now, plan for later, give back, and put back."""

from fluxion_py.allocation import Allocation
from fluxion_py.match.matcher import Matcher
from fluxion_py.queues.request import Request


class Bookings:
    """What the jobs of all lanes hold in one matcher.

    `releases` counts everything that gave something back: a refusal stays one while it is the
    same. `growth` lists, since `forget_growth`, from which time on there is more than was planned
    with.
    """

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self.releases = 0
        self.growth: list[int] = []

    def prepare(self, request: Request) -> None:
        """Compile a request, if it is not, or for an older graph. Raises `JobspecError`."""
        raise NotImplementedError

    def start(self, request: Request, jobid: int, now: int) -> Allocation | None:
        """Book a job from now on; None if it does not fit."""
        raise NotImplementedError

    def plan(self, request: Request, jobid: int, now: int) -> Allocation | None:
        """Book a job from now on or for the earliest later time; None if there is none."""
        raise NotImplementedError

    def start_planned(self, request: Request, planned: Allocation, now: int) -> Allocation | None:
        """Start a job whose time has come; None if something is in the way, with the plan kept."""
        raise NotImplementedError

    def replan(self, request: Request, planned: Allocation, now: int) -> Allocation:
        """Return a plan that is not later than the old one, booked in its place."""
        raise NotImplementedError

    def unplan(self, planned: Allocation) -> None:
        """Give a reservation back."""
        raise NotImplementedError

    def release(self, jobid: int, now: int, ranks: str | None = None) -> bool:
        """Give back what a job holds, or its part on some ranks; return True if nothing is left."""
        raise NotImplementedError

    def extend(self, allocation: Allocation, expiration: int) -> Allocation | None:
        """Move the end of a running job; None, with nothing changed, if others hold the time."""
        raise NotImplementedError
