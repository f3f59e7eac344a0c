"""One side: the configuration of compose/two-datacenters/ with the addresses of this check, and the programs that read it."""

import os
import pathlib
import re
import shutil
import subprocess

import yaml

import consul_program
from places import OUTSIDE, Failure, Place, wait
from prometheus_config import without_consul

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TWO = ROOT / "compose" / "two-datacenters"
HOOK = 9000


def at_home(program):
    """Debian's Alertmanager reads a template below /usr/share. If it is only unpacked, that folder is mounted there."""
    files = pathlib.Path(program).resolve().parents[1] / "share"
    if pathlib.Path("/usr/share/prometheus/alertmanager").exists():
        return [program]
    return ["unshare", "--mount", "sh", "-ec", 'mount --bind "$0" /usr/share; exec "$@"', files, program]


class Side:
    def __init__(self, datacenter, network, folder, tools, pace):
        self.place = Place(datacenter, network, folder)
        self.datacenter, self.address, self.folder = datacenter, self.place.address, self.place.folder
        self.number = datacenter[-1]
        self.tools, self.pace, self.secrets = tools, pace, folder / "secrets"

    def secret(self, name):
        return (self.secrets / name).read_text()

    # The database.

    def define_database(self, seed):
        data = self.folder / "mariadb"
        shutil.copytree(seed, data)
        start = self.folder / "start.sql"
        start.write_text(
            "SET sql_log_bin = 0;\n"
            f"CREATE OR REPLACE USER root@'%' IDENTIFIED BY '{self.secret('mariadb_root')}';\n"
            "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;\nCREATE DATABASE IF NOT EXISTS grafana;\n"
        )
        self.place.define(
            "mariadb", self.tools.mariadbd, f"--defaults-file={TWO}/mariadb/two-sides.cnf", f"--basedir={self.tools.usr}",
            f"--datadir={data}", f"--bind-address={self.address}", f"--socket={self.folder}/mariadb.sock", "--user=root",
            f"--pid-file={self.folder}/mariadb.pid", f"--init-file={start}", f"--server-id={self.number}",
            f"--gtid-domain-id={self.number}", f"--auto-increment-offset={self.number}", "--innodb-buffer-pool-size=32M",
            environment=self.tools.environment,
        )
        # Debian's exporter is older than the one of compose: its address and password are in a variable.
        password = re.search("password = (.+)", self.secret("mariadb_exporter"))[1]
        self.place.define(
            "mysqld-exporter", self.tools.exporter, f"--web.listen-address={self.address}:9104",
            environment={"DATA_SOURCE_NAME": f"exporter:{password}@({self.address}:3306)/"},
        )

    def sql(self, statement, patience=5):
        """The lines of an answer. The client runs outside, as an application does."""
        done = subprocess.run(
            [self.tools.mariadb, f"--host={self.address}", "--user=root", "--batch", f"--connect-timeout={patience}",
             "--column-names" if "\\G" in statement else "--skip-column-names", "--execute", statement],
            capture_output=True, text=True, timeout=patience + 5,
            env={**os.environ, **self.tools.environment, "MYSQL_PWD": self.secret("mariadb_root")},
        )
        if done.returncode:
            raise OSError(done.stderr.strip())
        return done.stdout.splitlines()

    def replicate(self):
        path = f"{pathlib.Path(self.tools.mariadb).parent}:{os.environ['PATH']}"
        return self.place.run(
            "sh", TWO / "mariadb" / "replicate", patience=90,
            environment={
                **self.tools.environment, "PATH": path, "SECRETS": str(self.secrets), "MARIADB_HOST": self.address,
                "OTHER_ADDRESS": self.place.other_address, "DATACENTER": self.datacenter, "QUIET_SECONDS": "2", "WAIT_SECONDS": "60",
            },
        )

    # Consul.

    def define_consul(self):
        if self.tools.consul:
            consul_program.define(self, TWO)
            self.place.define(
                "consul-targets", "python3", "-B", HERE / "consul_targets.py", self.address, 8501, f"http://{self.address}:8500"
            )
            return
        self.place.define(
            "consul", "python3", "-B", HERE / "consul.py", self.datacenter, self.address, self.place.other_address,
            self.folder / "consul.json", self.secret("consul_management"),
        )

    def setup(self):
        """The script of compose. Like compose, it is run again if it fails: dc2 may not yet have the tokens of dc1. At last it
        must find that nothing is left to do."""
        environment = {
            "CONSUL_HTTP_ADDR": f"http://{self.address}:8500", "SECRETS": str(self.secrets), "DATACENTER": self.datacenter,
        }

        def once():
            try:
                said = self.place.run("sh", TWO / "consul" / "setup", environment=environment)
            except Failure as failure:
                raise OSError(str(failure)) from failure
            if len(said.splitlines()) > 1:
                raise LookupError(said)
            return said

        return wait(f"Consul of {self.datacenter} is set up", once, 60, 0.5)

    # What healthz watches, and healthz.

    def define_services(self):
        for name, port, *more in (("grafana", 3000, 3306), ("loki", 3100)):
            self.place.define(name, "python3", "-B", HERE / "standins.py", name, self.address, port, *more)
        nginx = self.folder / "nginx.conf"
        nginx.write_text(
            f"daemon off; master_process off; pid {self.folder}/nginx.pid; error_log stderr; events {{}}\n"
            f"http {{ access_log off; client_body_temp_path {self.folder}/nginx; server {{ listen {self.address}:3200;\n"
            'location = /ready { return 200 "ready\\n"; } location / { return 404; } } }\n'
        )
        self.place.define("tempo", self.tools.nginx, "-p", self.folder, "-c", nginx, "-e", "stderr")

        text = (TWO / "healthz" / "healthz.yaml").read_text()
        configuration = yaml.safe_load(re.sub(r"(?<=//)[a-z-]+(?=:\d)", self.address, text))
        for name in ("alloy", "s3"):
            del configuration["services"][name]
        consul = configuration["discovery"]["consul"]
        del consul["services"]["alloy"]
        consul.update({"token_file": str(self.secrets / "consul_services"), "ttl": f"{3 * self.pace.interval}s"})
        configuration.update({"interval": f"{self.pace.interval}s", "listen": f"{self.address}:8080", "drain": 0})
        file = self.folder / "healthz.yaml"
        file.write_text(yaml.safe_dump(configuration))
        self.place.define(
            "healthz", self.tools.healthz, "serve", "--config", file,
            environment={"DATACENTER": self.datacenter, "SIDE_ADDRESS": self.address},
        )

    # Prometheus and Alertmanager.

    def define_monitoring(self):
        rules = self.folder / "rules"
        rules.mkdir()
        for source in (ROOT / "compose" / "prometheus" / "rules").glob("*.yml"):
            # At once: this check measures how long the parts take, and not how long the rules wait.
            (rules / source.name).write_text(re.sub(r"(?m)^(\s+)for: \S+$", r"\1for: 0s", source.read_text()))
        text = (TWO / "prometheus" / "prometheus.yml").read_text()
        for old, new in (
            ("/run/secrets", str(self.secrets)), ("/etc/prometheus-rules", str(rules)), ("${DATACENTER}", self.datacenter),
            ("${RUNBOOKS}", "docs/operations.md"), ("alertmanager:9093", f"{self.address}:9093"),
            ("other-side:", f"{self.place.other_address}:"), (": 15s", f": {self.pace.scrape}s"),
        ):
            if old not in text:
                raise Failure(f"prometheus.yml has no {old}")
            text = text.replace(old, new)
        # A real Consul has no discovery by HTTP; consul_targets.py answers for it.
        port = 8501 if self.tools.consul else 8500
        configuration = without_consul(text, f"http://{self.address}:{port}/http-sd")
        configuration["global"]["scrape_timeout"] = f"{self.pace.scrape}s"
        file = self.folder / "prometheus.yml"
        file.write_text(yaml.safe_dump(configuration))
        self.place.define(
            "prometheus", self.tools.prometheus, f"--config.file={file}", f"--storage.tsdb.path={self.folder}/tsdb",
            f"--web.listen-address={self.address}:9090",
        )

        configuration = yaml.safe_load((TWO / "alertmanager" / "alertmanager.yml").read_text())
        configuration["route"].update({"receiver": "people", "group_wait": "1s", "group_interval": "2s"})
        hook = f"http://{OUTSIDE[self.datacenter]}:{HOOK}/{self.datacenter}"
        configuration["receivers"] = [{"name": "people", "webhook_configs": [{"url": hook, "send_resolved": True}]}]
        file = self.folder / "alertmanager.yml"
        file.write_text(yaml.safe_dump(configuration))
        self.place.define(
            "alertmanager", *at_home(self.tools.alertmanager), f"--config.file={file}", f"--storage.path={self.folder}/alertmanager",
            f"--web.listen-address={self.address}:9093", f"--cluster.listen-address={self.address}:9094",
            f"--cluster.peer={self.place.other_address}:9094", "--cluster.peer-timeout=3s", "--cluster.reconnect-timeout=168h",
        )
