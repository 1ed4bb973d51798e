"""A real terminal in place of stderr, for tests of what only someone who watches sees."""

import fcntl
import os
import pty
import struct
import sys
import termios
import threading
from contextlib import contextmanager, suppress


@contextmanager
def terminal(monkeypatch):
    """Within this block stderr is a terminal of 100 columns.

    Yields a list that holds, after the block, what was shown.
    """
    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    parts, shown = [], []

    def read():
        # Linux reports the end of a terminal as an input error.
        with suppress(OSError):
            while part := os.read(reader, 1 << 16):
                parts.append(part)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        with os.fdopen(writer, "w") as stderr, monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", stderr)
            yield shown
    finally:
        thread.join()
        os.close(reader)
    shown.append(b"".join(parts).decode())
