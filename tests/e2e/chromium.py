"""A real browser that stays open while the test does other things, driven through `web/dev/session.mjs`.

Every page carries a witness (`WITNESS`): it looks at each change of what is shown, at the moment of the change, and
keeps the times of what the test has asked it to look for. So the page itself, and not the test's polling, says when it
showed something.
"""

import json
import os
import selectors
import subprocess
from types import TracebackType
from typing import Any, Self

from tests.web.browser import WEB, chromium, node

STEP_TIMEOUT_S = 15
END_TIMEOUT_S = 10

WITNESS = """
window.witness = { wanted: {}, shownAtMs: {}, events: [] };
function look() {
  for (const [name, isShown] of Object.entries(witness.wanted)) {
    if (!isShown()) continue;
    witness.shownAtMs[name] = Date.now();
    delete witness.wanted[name];
  }
}
witness.want = (name, isShown) => {
  witness.wanted[name] = isShown;
  look();
};
new MutationObserver((mutations) => {
  for (const { addedNodes } of mutations) {
    for (const node of addedNodes) {
      if (!(node instanceof Element)) continue;
      const events = node.matches("[data-change].event") ? [node] : node.querySelectorAll("[data-change].event");
      for (const event of events) witness.events.push(Number(event.dataset.change));
    }
  }
  look();
}).observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
"""


class BrowserFailed(AssertionError):
    """A step could not be done, or did not come true in time. The message holds the step and Playwright's words."""


class Tab:
    """One page of a `Chromium`."""

    def __init__(self, browser: "Chromium", number: int) -> None:
        self._browser = browser
        self._number = number

    def goto(self, url: str) -> None:
        self._browser.ask({"tab": self._number, "goto": url})

    def evaluate(self, expression: str) -> Any:
        return self._browser.ask({"tab": self._number, "evaluate": expression})

    def until(self, expression: str) -> Any:
        """Wait until the expression is true in the page; gives its value. Raises `BrowserFailed`."""
        return self._browser.ask({"tab": self._number, "until": expression})

    def text(self, selector: str) -> str:
        """What an element says, once it is there."""
        return str(self.until(f"document.querySelector({json.dumps(selector)})?.textContent.trim()"))

    def want(self, name: str, is_shown: str) -> None:
        """Let the page look for something from now on: an expression that is true once it is shown."""
        self.evaluate(f"witness.want({json.dumps(name)}, () => {is_shown})")

    def shown_at_ms(self, name: str) -> int:
        """Unix time at which the wanted thing was shown; waits for it. Raises `BrowserFailed`."""
        return int(self.until(f"witness.shownAtMs[{json.dumps(name)}]"))


class Chromium:
    """One browser with one profile. A context manager; skips the test where there is no Chromium."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [node(), "dev/session.mjs"],
            cwd=WEB,
            env={**os.environ, "CHROMIUM": chromium()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        self.ask({"init": WITNESS, "timeout_ms": STEP_TIMEOUT_S * 1000})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(END_TIMEOUT_S)
        finally:
            self._process.kill()
            self._process.stdout.close()

    def open(self, url: str) -> Tab:
        return Tab(self, int(self.ask({"open": url})))

    def ask(self, step: dict[str, Any]) -> Any:
        """One step. Raises `BrowserFailed`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(step) + "\n")
        self._process.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(STEP_TIMEOUT_S * 2):
                raise BrowserFailed(f"no answer to {step}")
        answer = json.loads(self._process.stdout.readline() or '{"error": "the browser has ended"}')
        if "error" in answer:
            raise BrowserFailed(f"{step}: {answer['error']}")
        return answer["result"]
