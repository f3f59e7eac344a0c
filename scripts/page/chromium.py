"""A headless Chromium, controlled by the DevTools protocol over a pipe, with the standard library only."""

import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time


class Chromium:
    """A browser with one page. Collects console messages and requests of the page."""

    def __init__(self, limit=60):
        self.limit = limit
        self.console, self.requests, self.scheduled = [], [], []
        self.number, self.buffer, self.events = 0, b"", []
        self.folder = tempfile.mkdtemp(prefix="healthz-chromium-")
        to_browser, self.output = os.pipe()
        self.input, from_browser = os.pipe()

        def descriptors():  # --remote-debugging-pipe reads from 3 and writes to 4
            first, second = os.dup(to_browser), os.dup(from_browser)
            os.dup2(first, 3)
            os.dup2(second, 4)

        arguments = [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
            "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--force-color-profile=srgb",
            f"--user-data-dir={self.folder}", "--remote-debugging-pipe", "about:blank",
        ]
        self.process = subprocess.Popen(
            arguments, preexec_fn=descriptors, close_fds=False, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.session = None
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.output)
        os.close(self.input)
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, **parameters):
        """The answer of the browser. Raises an exception on an error or a timeout."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        answer = self.wait(lambda found: found.get("id") == self.number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def wait(self, fits):
        end = time.monotonic() + self.limit
        while True:
            message = self.read(end)
            if fits(message):
                return message

    def read(self, end):
        while b"\0" not in self.buffer:
            if not select.select([self.input], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            some = os.read(self.input, 1 << 16)
            if not some:
                raise RuntimeError("the browser has ended")
            self.buffer += some
        text, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(text)
        self.note(message.get("method"), message.get("params", {}))
        return message

    def note(self, method, parameters):
        if method == "Runtime.consoleAPICalled":
            self.console.append(" ".join(str(item.get("value")) for item in parameters["args"]))
        elif method == "Runtime.exceptionThrown":
            self.console.append(parameters["exceptionDetails"]["text"])
        elif method == "Log.entryAdded":
            self.console.append(parameters["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Page.frameScheduledNavigation":
            self.scheduled.append((parameters["reason"], parameters["delay"]))

    def open(self, url, width=1280, height=800, dark=False, media="", script=True):
        self.view(width, height, dark, media)
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.call("Page.navigate", url=url)
        self.wait(lambda message: message.get("method") == "Page.loadEventFired")

    def view(self, width, height=800, dark=False, media=""):
        """Shows the page in another size and colour, without loading it again."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def hurry(self, times):
        """In pages that are opened from now on, time-outs end this many times as early. `waits` has those that were asked for."""
        self.call(
            "Page.addScriptToEvaluateOnNewDocument",
            source="{ const wait = setTimeout; window.waits = []; window.setTimeout = (action, time, ...rest) => "
                   "{ waits.push(time); return wait(action, time / %d, ...rest); }; }" % times)

    def accessible(self):
        """What a screen reader is given: role, name and depth of each element, in the order of reading."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        known = {node["nodeId"]: node for node in nodes}

        def walk(node, depth):
            if not node["ignored"]:
                yield node["role"]["value"], node.get("name", {}).get("value", ""), depth
            for child in node.get("childIds", []):
                if child in known:
                    yield from walk(known[child], depth + (not node["ignored"]))

        return list(walk(nodes[0], 0))

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description"))
        return answer["result"].get("value")

    def until(self, expression):
        """Waits until the expression is true on the page."""
        end = time.monotonic() + self.limit
        while not self.evaluate(expression):
            if time.monotonic() > end:
                raise TimeoutError(expression)
            time.sleep(0.05)
