"""What is broken, how it is brought back, and what is expected of names and alerts."""

import collections
import signal

from people import NAMES

ALL = tuple(NAMES)
# names: those that must lead to dc2 meanwhile. alert: by name and data center. senders: how many send it. short: also in the
# short form.
Break = collections.namedtuple("Break", "title names alert senders do undo short")


def killed(title, program, names, alert, datacenter, short=True):
    def programs(check):
        """A real Consul is two programs: consul and consul-agent."""
        return [one for one in check.sides["dc1"].place.commands if one == program or one == f"{program}-agent"]

    def do(check):
        check.sides["dc1"].place.kill(*programs(check))

    def undo(check):
        check.sides["dc1"].place.start(*programs(check))

    return Break(f"{title} of dc1 killed", names, (alert, datacenter), 1, do, undo, short)


def freeze_loki(check):
    check.sides["dc1"].place.signal(signal.SIGSTOP, "loki")


def thaw_loki(check):
    check.sides["dc1"].place.signal(signal.SIGCONT, "loki")


def kill_side(check):
    check.sides["dc1"].place.kill()


def start_side(check):
    check.sides["dc1"].place.start()


def freeze_side(check):
    check.sides["dc1"].place.signal(signal.SIGSTOP)


def thaw_side(check):
    check.sides["dc1"].place.signal(signal.SIGCONT)


def cut(check):
    check.network.join(False)


def heal(check):
    check.network.join(True)


def cut_and_conflict(check):
    """Both sides write the same key while they cannot see each other."""
    cut(check)
    for side in check.sides.values():
        side.sql(f"INSERT INTO grafana.names (name, side) VALUES ('one dashboard', '{side.datacenter}')")


def heal_and_decide(check):
    """dc1's row counts. dc1 skips dc2's, and dc2 takes dc1's in place of its own: docs/two-datacenters.md."""
    heal(check)
    for side in check.sides.values():
        check.wait_for_replication(side, "Slave_SQL_Running", "No")
    check.conflict_seen()
    check.sides["dc1"].sql("SET GLOBAL sql_slave_skip_counter = 1; START REPLICA")
    check.sides["dc2"].sql("SET sql_log_bin = 0; DELETE FROM grafana.names WHERE name = 'one dashboard'; START REPLICA")


BREAKS = [
    killed("Loki", "loki", ("loki",), "HealthzNodeUnhealthy", "dc1"),
    Break("Loki of dc1 frozen", ("loki",), ("HealthzNodeUnhealthy", "dc1"), 1, freeze_loki, thaw_loki, False),
    killed("healthz", "healthz", ALL, "HealthzAbsent", "dc1"),
    killed("Prometheus", "prometheus", ("prometheus",), "ServiceOnOneSideOnly", "dc1", short=False),
    killed("Alertmanager", "alertmanager", ("alertmanager",), "ServiceOnOneSideOnly", "dc1", short=False),
    killed("the database", "mariadb", ("grafana",), "ReplicationStopped", "dc2"),
    killed("Consul", "consul", ALL, "HealthzServiceDegraded", "dc1", short=False),
    Break("the link cut", (), ("SideGone", "dc2"), 1, cut, heal, True),
    Break("the link cut, one row written on both", (), ("SideGone", "dc2"), 1, cut_and_conflict, heal_and_decide, False),
    Break("all of dc1 killed", ALL, ("SideGone", "dc1"), 1, kill_side, start_side, True),
    Break("all of dc1 frozen", ALL, ("SideGone", "dc1"), 1, freeze_side, thaw_side, False),
]
