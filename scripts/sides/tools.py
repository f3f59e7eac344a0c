"""The programs of the check, installed or unpacked by scripts/unpack."""

import os
import pathlib
import shutil

UNPACKED = pathlib.Path(__file__).resolve().parent.parent.parent / ".build" / "tools" / "usr"


class Skip(Exception):
    """What is missing here."""


class Tools:
    def __init__(self, healthz):
        self.healthz = str(pathlib.Path(healthz).resolve())
        self.consul = os.environ.get("CONSUL")
        self.mariadbd = self.find("mariadbd")
        self.usr = pathlib.Path(self.mariadbd).parents[1]
        libraries = ":".join(str(one) for one in (self.usr / "lib").glob("*-linux-gnu"))
        self.environment = {"LD_LIBRARY_PATH": libraries} if self.usr == UNPACKED else {}
        self.mariadb, self.install = self.find("mariadb"), self.find("mariadb-install-db")
        self.exporter, self.nginx = self.find("prometheus-mysqld-exporter"), self.find("nginx")
        self.prometheus, self.alertmanager = self.find("prometheus"), self.find("prometheus-alertmanager")
        for name in ("ip", "curl", "jq", "unshare"):
            self.find(name)

    @staticmethod
    def find(name):
        path = os.pathsep.join([str(UNPACKED / "bin"), str(UNPACKED / "sbin"), os.environ["PATH"], "/usr/sbin"])
        found = shutil.which(name, path=path)
        if found is None:
            raise Skip(f"{name} is not installed")
        return found
