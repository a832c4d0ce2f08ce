"""What clients ask, and what they get."""

import pytest

from fluxion_py import Jobspec
from fluxion_py.errors import Unsatisfiable
from fluxion_py.server.client import Client
from fluxion_py.server.problems import RemoteError
from fluxion_py.server.service import new_duration, spell
from tests.server.driver import Served


def hour(nodes: int = 1, **options: object) -> Jobspec:
    return Jobspec.from_command(["app"], num_nodes=nodes, duration=3600, **options)  # type: ignore[arg-type]


def test_a_job_is_submitted_listed_shown_and_cancelled(served: Served) -> None:
    with served.client() as client:
        jobid = client.submit(hour(2), name="first")
        (job,) = client.call("jobs")
        assert (job["id"], job["name"], job["state"], job["nodelist"]) == (
            jobid,
            "first",
            "RUN",
            "n[0-1]",
        )
        shown = client.call("show", job=job["f58"])
        assert shown["jobspec"]["tasks"][0]["command"] == ["app"]
        assert '"nodelist": ["n[0-1]"]' in shown["R"]
        assert client.call("cancel", jobs=[jobid], note="enough") == [None]
        (job,) = client.call("jobs", states=["inactive"])
        assert (job["result"], job["exception"]) == ("CANCELED", "enough")


def test_many_jobs_keep_their_order_and_a_bad_one_has_its_error_in_its_place(
    served: Served,
) -> None:
    jobs = [{"jobspec": hour(number % 4 + 1)} for number in range(1000)]
    jobs[500] = {"jobspec": hour(5)}
    jobs[700] = {"jobspec": {"version": 1}}  # type: ignore[dict-item]
    with served.client() as client:
        found = list(client.submit_many(jobs))
    ids = [entry for entry in found if isinstance(entry, int)]
    assert len(ids) == 998
    assert ids == sorted(set(ids))
    assert isinstance(found[500], Unsatisfiable)
    assert str(found[700]) == 'Missing key "resources" in top level mapping'


def test_submissions_on_their_way_together_are_one_commit_or_few(served: Served) -> None:
    with served.client() as client:
        waiting = [client.submit_later(hour()) for _ in range(500)]
        ids = [entry.result() for entry in waiting]
    assert ids == sorted(set(ids))
    assert {event.name for _, event in served.instance.events(ids[-1])} >= {"submit", "priority"}


def test_every_event_is_seen_in_order(served: Served) -> None:
    with served.client() as client, served.client() as other:
        watch = client.watch()
        ids = [other.submit(hour(4)) for _ in range(5)]
        for jobid in ids:
            other.call("cancel", jobs=[jobid])
        seen: list[tuple[int, str]] = []
        while len([name for _, name in seen if name == "clean"]) < 5:
            found = watch.next(60)
            assert found is not None
            seq, event = found
            seen.append((seq, event["name"]))
        first = seen[0][0]
        assert [seq for seq, _ in seen] == list(range(first, first + len(seen)))
        assert seen == [(seq, event.name) for seq, event in served.instance.events(since=first - 1)]


def test_watching_one_job_ends_with_it_and_begins_where_it_is_told(served: Served) -> None:
    with served.client() as client:
        jobid, other = client.submit(hour()), client.submit(hour())
        client.call("cancel", jobs=[jobid, other])
        names = [event["name"] for _, event in client.watch(jobid, since=0)]
        assert names[:3] == ["submit", "depend", "priority"]
        assert names[-1] == "clean"
        (last, _) = list(client.watch(jobid, since=0))[-1]
        assert [event["name"] for _, event in client.watch(jobid, since=last - 1)] == ["clean"]


def test_events_older_than_memory_come_from_the_journal(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served.client() as client:
        ids = [
            entry
            for entry in client.submit_many({"jobspec": hour(4)} for _ in range(2000))
            if isinstance(entry, int)
        ]
        served.server._recent.clear()
        watch = client.watch(since=0)
        submitted: list[int] = []
        while len(submitted) < 2000:
            found = watch.next(60)
            assert found is not None
            if found[1]["name"] == "submit":
                submitted.append(found[1]["jobid"])
    assert submitted == ids


def test_urgency_hold_and_release(served: Served) -> None:
    with served.client() as client:
        client.submit(hour(4))
        jobid = client.submit(hour(1), urgency=0)
        assert client.call("show", job=jobid)["why"] == "held: give it an urgency above 0"
        client.call("urgency", jobs=[jobid], urgency=20)
        assert client.call("jobs", ids=[jobid])[0]["urgency"] == 20
        client.call("urgency", jobs=[jobid], urgency=0)
        client.call("urgency", jobs=[jobid], urgency=None)
        assert client.call("jobs", ids=[jobid])[0]["urgency"] == 16
        (wrong,) = client.call("urgency", jobs=[jobid], urgency=None)
        assert wrong["error"].endswith("is not held")
        with pytest.raises(RemoteError, match="no job 77"):
            client.call("show", job=77)


def test_a_duration_is_changed_and_the_reservations_behind_move(served: Served) -> None:
    with served.client() as client:
        first = client.submit(hour(4))
        client.submit(hour(4))
        client.call("jobs")
        with pytest.raises(RemoteError, match="its resources are taken by job"):
            client.call("update", job=first, duration="+30m")
        told = client.call("update", job=first, duration="-20m")
        assert told.endswith("duration 1h -> 40m (later reservations moved earlier: 1)")
        with pytest.raises(RemoteError, match="bad duration"):
            client.call("update", job=first, duration="soon")


def test_durations_in_words() -> None:
    assert (new_duration("2h", 60), new_duration("+30m", 60), new_duration("-20s", 60)) == (
        7200,
        1860,
        40,
    )
    assert [spell(value) for value in (0, 90, 6000, 90061.5)] == [
        "unlimited",
        "1m30s",
        "1h40m",
        "1d1h1m1.5s",
    ]


def test_queues_machine_and_numbers(served: Served) -> None:
    with served.client() as client:
        client.call("queue-change", action="stop")
        jobid = client.submit(hour())
        assert client.call("queues")[0]["started"] is False
        client.call("queue-change", action="start")
        client.call("drain", hosts="n[0-1]", reason="dust")
        states = {node["name"]: node["state"] for node in client.call("resources")}
        assert states == {"n0": "draining", "n1": "drained", "n2": "free", "n3": "free"}
        client.call("undrain", hosts="n1")
        assert client.call("numbers") == {
            "running": 1,
            "completed": 0,
            "failed": 0,
            "pending": 0,
        }
        client.call("cancel", jobs=[jobid])
        assert client.call("numbers")["failed"] == 1
        client.call("queue-change", action="disable", reason="holidays")
        with pytest.raises(RemoteError, match="takes no jobs in: holidays"):
            client.submit(hour())


def test_hosts_names_and_limits_filter_jobs(served: Served) -> None:
    with served.client() as client:
        ids = [client.submit(hour(), name=name) for name in "abcd"]
        found = client.call("jobs", hosts="n[1,3]")
        assert {job["id"] for job in found} == {ids[1], ids[3]}
        assert [job["id"] for job in client.call("jobs", name="c")] == [ids[2]]
        assert len(client.call("jobs", limit=2)) == 2


def test_a_dump_is_written(served: Served) -> None:
    path = served.path.parent / "saved.tar"
    with served.client() as client:
        client.submit(hour())
        client.submit(hour(4))
        found = client.call("dump", path=str(path))
    assert (found["jobs"], found["running"], found["pending"]) == (2, 1, 1)
    assert path.stat().st_size > 10_000


def test_a_memo_is_seen_and_names_of_the_queue_are_refused(served: Served) -> None:
    with served.client() as client:
        jobid = client.submit(hour())
        client.call("memo", job=jobid, name="checkpoint", context={"step": 3})
        events = [(event.name, event.context) for _, event in served.instance.events(jobid)]
        assert ("checkpoint", {"step": 3}) in events
        with pytest.raises(RemoteError, match="no name for an event"):
            client.call("memo", job=jobid, name="finish")


def test_without_an_instance_the_client_says_how_to_get_one(tmp_path: object) -> None:
    with pytest.raises(Exception, match="there is no instance at") as raised:
        Client(f"{tmp_path}/socket")
    assert "fluxion start" in getattr(raised.value, "hint", "")
