"""Runs of `kedge run` that are killed: forked from a process that has imported everything.

Reads lines of JSON, `[arguments, milliseconds]`: forks, lets the child run, kills it with SIGKILL
after that time (null: waits for its end), and prints how it ended.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from importlib import import_module


def child(arguments: list[str]) -> None:
    from kedge.cli import main

    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    code = 1
    try:
        code = main(arguments)
    finally:
        os._exit(code)


def serve() -> None:
    import kedge.cli
    import kedge.io.connectors
    import kedge.loop

    # pyarrow asks pandas whether a table is one of its frames: 0.2 s of each child's.
    for name in ("pandas", "pyarrow.csv", "pyarrow.json"):
        import_module(name)
    assert kedge.cli is not None
    for line in sys.stdin:
        arguments, milliseconds = json.loads(line)
        pid = os.fork()
        if pid == 0:
            child(arguments)
        if milliseconds is not None:
            time.sleep(milliseconds / 1000)
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(json.dumps(os.waitstatus_to_exitcode(status)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
