"""How things are measured: cases, worker processes, clocks, memory, tables."""
