"""A real Consul in the check: the server of a side and the agent of its node, with the files of compose/two-datacenters/."""

import json
import re
import subprocess

# Keys that an older Consul refuses, by the version that brought them: the old name, or None if it can be left out.
NEWER = {
    "grpc_tls": ((1, 14), None),
    "initial_management": ((1, 11), "master"),
    # Before, DNS asks with the agent's default token.
    "dns": ((1, 20), "default"),
}


def version(program):
    said = subprocess.run([program, "version"], capture_output=True, text=True, timeout=20, check=True).stdout
    return tuple(int(part) for part in re.search(r"v(\d+)\.(\d+)", said).groups())


def configuration(source, folder, known):
    """A configuration file for a Consul of that version, and its path."""
    text = source.read_text()
    if source.suffix == ".json":
        value = json.loads(text)
        tokens = value["acl"]["tokens"]
        for name, (since, old) in NEWER.items():
            if known < since and name in tokens:
                tokens[old] = tokens.pop(name)
        text = json.dumps(value)
    elif known < NEWER["grpc_tls"][0]:
        text = re.sub(r"(?m)^\s*grpc_tls\s.*\n", "", text)
    file = folder / source.name
    file.write_text(text)
    return file


def define(side, two):
    """The server has an address of its own, so that both have the ports of the files."""
    known, place, server = version(side.tools.consul), side.place, server_address(side.address)
    secrets = [configuration(side.secrets / f"consul-{name}.json", side.folder, known) for name in (side.datacenter, "node")]
    files = {name: configuration(two / "consul" / f"{name}.hcl", side.folder, known) for name in ("server", "agent")}
    common = [side.tools.consul, "agent", f"-datacenter={side.datacenter}"]
    place.define(
        "consul", *common, f"-config-file={files['server']}", f"-config-file={secrets[0]}", "-bootstrap-expect=1",
        f"-node={side.datacenter}-server", f"-bind={server}", f"-client={server}", f"-advertise-wan={server}",
        f"-retry-join-wan={server_address(place.other_address)}", f"-data-dir={side.folder}/consul-server",
    )
    place.define(
        "consul-agent", *common, f"-config-file={files['agent']}", f"-config-file={secrets[1]}",
        f"-node={side.datacenter}-node", f"-bind={side.address}", f"-client={side.address}",
        f"-retry-join={server}", f"-data-dir={side.folder}/consul-agent",
    )


def server_address(address):
    return address.rsplit(".", 1)[0] + ".2"
