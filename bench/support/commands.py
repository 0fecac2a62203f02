"""The loop of a contender: commands from stdin, one JSON object a line, answers on stdout."""

import json
import math
import sys
import time
import traceback


def serve(contender):
    """Calls the contender's methods by the commands' names."""
    for line in sys.stdin:
        try:
            fields = json.loads(line)
            answer = {"result": getattr(contender, fields.pop("command"))(**fields)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


def repeat(run, milliseconds):
    """Calls again and again; the clock is read less and less often where calls are short."""
    start = time.perf_counter()
    calls, elapsed, batch = 0, 0, 1
    while elapsed * 1000 < milliseconds:
        for _ in range(batch):
            run()
        calls += batch
        elapsed = time.perf_counter() - start
        batch = math.ceil(calls / 4)
    return {"calls": calls, "microseconds": elapsed * 1e6 / calls}
