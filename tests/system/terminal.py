"""A terminal with bulkhead on it, as a person has it."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

from harness import Failed


class Terminal:
    """bulkhead with a terminal of its own, as a person has it."""

    def __init__(self, stack, *words, term="xterm"):
        self.text = ""
        environment = {key: value for key, value in stack.environment.items() if key != "NO_COLOR"}
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            try:
                os.execve(stack.programs / "bulkhead", ["bulkhead", "-f", str(stack.file), *words], {**environment, "TERM": term})
            finally:
                os._exit(127)

    def resize(self, rows, columns):
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def press(self, keys):
        os.write(self._fd, keys)

    def read_until(self, words, patience_s=40):
        deadline = time.monotonic() + patience_s
        while words is None or words not in self.text:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._fd], [], [], left)[0]:
                raise Failed(f"not on the screen after {patience_s} s: {words!r}; there is:\n{self.text}")
            try:
                more = os.read(self._fd, 65536)
            except OSError:  # the other side is closed
                more = b""
            if not more and words is not None:
                raise Failed(f"the screen ended before {words!r}; there was:\n{self.text}")
            if not more:
                return
            self.text += more.decode("utf-8", "replace")

    def wait_for_end(self):
        """Exit status, as a shell says it."""
        self.read_until(None)
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
