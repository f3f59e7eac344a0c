"""Prometheus' configuration of compose/two-datacenters/ for a Prometheus that is built without Consul, as Debian's is.

usage: prometheus_config.py FILE URL: prints FILE with each discovery by Consul replaced by one by HTTP from URL, which answers
the same targets with the same labels. The keys of Consul's discovery are checked against Prometheus' documentation.
"""

import sys
import urllib.parse

import yaml

# docs/configuration/configuration.md of Prometheus 3, <consul_sd_config>, and what it takes from <http_config>.
KEYS = {
    "server", "path_prefix", "token", "datacenter", "namespace", "partition", "scheme", "services", "tags", "node_meta", "filter",
    "tag_separator", "allow_stale", "refresh_interval", "authorization", "basic_auth", "oauth2", "tls_config", "follow_redirects",
}


def by_http(consul, url):
    unknown = set(consul) - KEYS
    if unknown:
        sys.exit(f"no keys of consul_sd_configs: {', '.join(sorted(unknown))}")
    asked = {"dc": consul["datacenter"], "tags": ",".join(consul.get("tags", [])), "services": ",".join(consul["services"])}
    return {
        "url": f"{url}?{urllib.parse.urlencode(asked)}",
        "refresh_interval": consul["refresh_interval"],
        # Prometheus 2.42 has no default for the type here.
        "authorization": {"type": "Bearer", **consul["authorization"]},
    }


def without_consul(text, url):
    """The configuration as a value that a program may change further."""
    configuration = yaml.safe_load(text)
    replaced = 0
    for job in configuration["scrape_configs"]:
        if "consul_sd_configs" in job:
            job["http_sd_configs"] = [by_http(one, url) for one in job.pop("consul_sd_configs")]
            replaced += len(job["http_sd_configs"])
    if replaced == 0:
        sys.exit("no consul_sd_configs are there to replace")
    return configuration


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        yaml.safe_dump(without_consul(file.read(), sys.argv[2]), sys.stdout)
