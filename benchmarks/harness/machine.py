"""Which machine and which software the figures belong to."""

import os
import platform
from pathlib import Path


def describe_machine():
    """Processor, cores this process may use, operating system, Python."""
    return {
        "processor": _processor_name(),
        "cores": n_usable_cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def n_usable_cores():
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor_name():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    flags = next((line for line in lines if line.startswith("flags")), "").split()
    widest = next((f for f in ("avx512f", "avx2", "sse4_2") if f in flags), "")
    return f"{names[0] if names else 'unknown'} ({widest})" if widest else names[0]
