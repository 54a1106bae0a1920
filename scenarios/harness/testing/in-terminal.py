"""Runs a command in a terminal of its own: `in-terminal.py COLUMNS ROWS COMMAND…`.

What the command writes goes to standard output as it is. Lines on standard input: `resize COLUMNS ROWS`, and
`type TEXT` with escapes as in a Python string (`type \\x03` is Ctrl-C). Ends with the command's exit code.
"""

import codecs
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios


def set_size(descriptor, columns, rows):
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


columns, rows, *command = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    # The size is set before the command looks.
    set_size(0, int(columns), int(rows))
    os.execvp(command[0], command)

pending = b""
watched = [terminal, 0]
while True:
    ready, _, _ = select.select(watched, [], [])
    if terminal in ready:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        os.write(1, data)
    if 0 in ready:
        data = os.read(0, 65536)
        if not data:
            watched = [terminal]
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            word, _, rest = line.decode().partition(" ")
            if word == "resize":
                set_size(terminal, *map(int, rest.split()))
                os.kill(child, signal.SIGWINCH)
            elif word == "type":
                os.write(terminal, codecs.decode(rest, "unicode_escape").encode())

_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
