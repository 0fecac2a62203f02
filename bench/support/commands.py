"""The loop of a contender: commands from stdin, one JSON object a line, answers on stdout."""

import json
import statistics
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
    """Calls again and again; gives microseconds of a call: the median of batches of at least a
    millisecond, so that moments in which a processor was taken away count as little as they are."""
    batch, batches = 1, []
    start = time.perf_counter()
    while not batches or (time.perf_counter() - start) * 1000 < milliseconds:
        before = time.perf_counter()
        for _ in range(batch):
            run()
        elapsed = time.perf_counter() - before
        batches.append(elapsed * 1e6 / batch)
        if elapsed < 0.001:
            batch *= 2
            batches.clear()
    return {"microseconds": statistics.median(batches)}
