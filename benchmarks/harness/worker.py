"""A worker process: holds one peer with one number of threads, measures on request.

One peer a process keeps thread pools, allocators and instruction-set settings of the
libraries apart, so that they can be measured in turn without disturbing each other.
Requests and replies are lines of JSON on standard input and output.

    python -m harness.worker MODULE N_THREADS
"""

import importlib
import json
import os
import sys
import time
import traceback

from harness.cases import Case
from harness.memory import peak_of


class Measurer:
    """Answers the requests of the main process.

    Parameters
    ----------
    peer : module
        One of the modules in `peers`: its `build(case, n_threads)` returns a dict
        from a contestant's name to a `peers.Contestant`.

    n_threads : int
        Threads that the peer may use.
    """

    def __init__(self, peer, n_threads):
        self.peer = peer
        self.n_threads = n_threads
        self.contestants = {}

    def describe(self):
        """Versions and settings of the peer."""
        return self.peer.describe()

    def prepare(self, case):
        """Build what `case` asks for and return the names of the contestants."""
        self.contestants = {}  # drop the old ones first: memory is measured too
        self.contestants = self.peer.build(Case(**case), self.n_threads)
        return list(self.contestants)

    def run(self, name, seconds, min_calls, discard):
        """Call a contestant for a while; return the seconds of each call kept."""
        call = self.contestants[name].call
        for _ in range(discard):
            call()
        durations = []
        end = time.perf_counter() + seconds
        while len(durations) < min_calls or time.perf_counter() < end:
            start = time.perf_counter()
            call()
            durations.append(time.perf_counter() - start)
        return durations

    def quality(self, name):
        """What the last call was worth (training accuracy), or None."""
        contestant = self.contestants[name]
        return None if contestant.quality is None else float(contestant.quality())

    def memory(self, name):
        """Bytes by which two calls raise the peak of this process, or None."""
        call = self.contestants[name].call
        return peak_of(lambda: (call(), call()))

    def fma_peak(self):
        """Measured multiply-add peak of the threads used, in operations a second."""
        measure = getattr(self.peer, "fma_peak", None)
        return None if measure is None else measure(self.n_threads)

    def save_outputs(self, case, path):
        """Write predictions and gradients of a fixed network, to compare commits."""
        self.peer.save_outputs(Case(**case), path, self.n_threads)


def main():
    """Serve requests until standard input ends."""
    # What libraries print must not get between the replies: they keep a private copy
    # of standard output, everybody else's goes to standard error.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    measurer = Measurer(importlib.import_module(sys.argv[1]), int(sys.argv[2]))
    for line in sys.stdin:
        request = json.loads(line)
        try:
            method = getattr(measurer, request.pop("do"))
            reply = {"result": method(**request)}
        except Exception:
            reply = {"error": traceback.format_exc()}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
