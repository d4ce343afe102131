"""The kernel's own word: whom it has killed for memory, read from its log."""

import asyncio
import os
import re

KILLED = re.compile(rb"Killed process (\d+) \(")


class Witness:
    """Follows /dev/kmsg. `is_heard` is False where it cannot be read, or once something of it was missed."""

    def __init__(self):
        self.killed = set()  # PIDs
        self.is_heard = False
        self._fd = -1

    def open(self):
        try:
            self._fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            return
        os.lseek(self._fd, 0, os.SEEK_END)
        self.is_heard = True
        asyncio.get_running_loop().add_reader(self._fd, self.listen)

    def listen(self):
        while True:
            try:
                line = os.read(self._fd, 8192)
            except BlockingIOError:
                return
            except OSError:  # EPIPE: records were overwritten before we came
                self.is_heard = False
                continue
            found = KILLED.search(line)
            if found:
                self.killed.add(int(found.group(1)))

    def close(self):
        if self._fd >= 0:
            self.listen()
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
