"""Measure sklstm and other libraries in turn, print tables of times and ratios.

    python benchmarks/compare_peers.py                     # everything, under an hour
    python benchmarks/compare_peers.py --quick             # small shapes, short turns
    python benchmarks/compare_peers.py --only training     # one section
    python benchmarks/compare_peers.py --isa avx2 --peers torch --only training

A ratio above 1 means that sklstm is faster. Peers that are not installed are left out
by name; `pip install '.[bench]'` installs all of them.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from harness.cases import SECTIONS, cases_of
from harness.machine import describe_machine, n_usable_cores
from harness.pool import Worker, measure_in_turn
from harness.tables import by_contestant, memory_table, ratio_table, scaling_table
from peers import AVX2_ENVIRONMENT, PEERS

TITLES = {
    "inference": "inference of a batch",
    "training": "training step (forward, backward, packing of the weights)",
    "ragged": "training step on sequences of 10 to 100 steps",
    "fit": "whole fit, 2 epochs of Adam",
    "predict": "predict on a single sequence",
}
SHAPES_ARE = "A shape is n_samples, n_timesteps, n_features, hidden_size."


def main():
    options = parse_arguments()
    found = {name: PEERS[name] for name in ["sklstm", *options.peers]}
    for name in list(found):
        if found[name].missing:
            missing = ", ".join(found.pop(name).missing)
            if name == "sklstm":
                raise SystemExit("sklstm is not installed; pip install '.[bench]'")
            print(f"left out: {name} ({missing} not installed)", file=sys.stderr)
    if options.isa == "avx2":
        found = {name: found[name] for name in AVX2_ENVIRONMENT if name in found}
    report = {
        "machine": describe_machine(),
        "versions": describe_peers(found, options.isa),
        "isa": options.isa,
        "sections": {},
    }
    print_heading(report)
    for section in options.only:
        measure = measure_memory if section == "memory" else measure_section
        for cell in options.cells:
            name = f"{section} {cell}"
            report["sections"][name] = measure(found, section, cell, options)
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=1) + "\n")


def parse_arguments():
    n_cores = n_usable_cores()
    peers = [name for name in PEERS if name != "sklstm"]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--peers", nargs="+", choices=peers, default=peers)
    parser.add_argument("--cells", nargs="+", choices=["lstm", "gru"])
    parser.add_argument(
        "--threads",
        nargs="+",
        type=int,
        default=sorted({1, n_cores}),
        help="numbers of threads; default: 1 and all cores",
    )
    parser.add_argument(
        "--isa", choices=["avx2"], help="hold sklstm and torch to this instruction set"
    )
    parser.add_argument("--quick", action="store_true", help="few shapes, short turns")
    parser.add_argument("--rounds", type=int, help="turns of each contestant")
    parser.add_argument("--seconds", type=float, help="length of a turn")
    parser.add_argument("--json", metavar="FILE", help="write all medians to this file")
    options = parser.parse_args()
    options.cells = options.cells or ["lstm", "gru"]
    options.rounds = options.rounds or (3 if options.quick else 7)
    options.seconds = options.seconds or (0.05 if options.quick else 0.15)
    return options


def start_worker(name, n_threads, isa):
    peer = PEERS[name]
    environment = dict(peer.environment)
    if isa == "avx2":
        environment |= AVX2_ENVIRONMENT[name]
    return Worker(name, peer.module, n_threads, environment, pin=peer.pin)


def describe_peers(found, isa):
    versions = {}
    for name in found:
        worker = start_worker(name, 1, isa)
        versions |= worker.ask("describe")
        worker.close()
    return versions


def print_heading(report):
    machine, versions = report["machine"], report["versions"]
    print(f"{machine['processor']}, {machine['cores']} cores, {machine['system']}")
    print(f"Python {machine['python']}, " + ", ".join(map(" ".join, versions.items())))
    if report["isa"]:
        print(f"Held to {report['isa']}.")
    print(SHAPES_ARE)
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"warning: load {load:.1f}, other programs are running", file=sys.stderr)


def measure_section(found, section, cell, options):
    """All cases of one section and one cell; prints its tables."""
    able = [name for name, peer in found.items() if section in peer.sections]
    workers = [
        start_worker(name, n_threads, options.isa)
        for n_threads in options.threads
        for name in able
        # a plain NumPy loop is for scale: its threads are of no interest
        if name != "numpy" or n_threads == 1
    ]
    peaks = measure_peaks(workers)
    measured = []
    for case in cases_of(section, cell, quick=options.quick):
        results = measure_in_turn(
            workers,
            case,
            rounds=min(3, options.rounds) if section == "fit" else options.rounds,
            seconds=0.0 if section == "fit" else options.seconds,
        )
        measured.append((case, results))
        print(f"measured: {section} {cell} {case.label}", file=sys.stderr)
    for worker in workers:
        worker.close()
    print_section(section, cell, measured, peaks, options.threads)
    cases = [{"case": c.as_message(), "results": results} for c, results in measured]
    return {"peaks": peaks, "cases": cases}


def measure_peaks(workers):
    """Multiply-add peak for each number of threads, where it can be measured."""
    own = [worker for worker in workers if worker.name == "sklstm"]
    return {worker.n_threads: worker.ask("fma_peak") for worker in own}


def print_section(section, cell, measured, peaks, threads):
    measured = [(case, by_contestant(results)) for case, results in measured]
    for n_threads in threads:
        threads_text = f"{n_threads} thread{'s' if n_threads > 1 else ''}"
        print(f"\n### {cell.upper()}: {TITLES[section]}, {threads_text}\n")
        peak = peaks.get(n_threads) if section in ("inference", "training") else None
        print(ratio_table(measured, n_threads, peak=peak))
        if peak:
            print(f"\nMultiply-add peak measured: {peak / 1e9:.0f} GFLOP/s.")
    if section == "training" and len(threads) > 1:
        print(f"\n### {cell.upper()}: gain from threads in a training step\n")
        print(scaling_table(measured, "sklstm", threads[0], threads[-1]))
    sys.stdout.flush()


def measure_memory(found, section, cell, options):
    """Peak memory of a training step and of a fit, in a fresh process every time."""
    report = []
    for kind in (section, "fit"):
        measured = []
        for case in cases_of(kind, cell, quick=options.quick):
            used = {}
            for name, peer in found.items():
                if kind in peer.sections:
                    used |= peaks_of_one(name, case, options)
            measured.append((case, used))
        what = "a whole fit" if kind == "fit" else "a training step"
        print(
            f"\n### {cell.upper()}: peak memory of {what} beside inputs and weights\n"
        )
        print(memory_table(measured))
        report += [
            {"case": case.as_message(), "bytes": used} for case, used in measured
        ]
    return report


def peaks_of_one(name, case, options):
    worker = start_worker(name, options.threads[-1], options.isa)
    used = {
        contestant: worker.ask("memory", name=contestant)
        for contestant in worker.ask("prepare", case=case.as_message())
    }
    worker.close()
    return used


if __name__ == "__main__":
    main()
