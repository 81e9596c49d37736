"""Results as Markdown tables of times and ratios."""

import math

OURS = "sklstm"


def geometric_mean(values):
    """Mean for ratios."""
    return math.exp(sum(map(math.log, values)) / len(values))


def markdown(header, rows):
    """A Markdown table with columns padded to equal width."""
    cells = [header, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = [
        "| "
        + " | ".join(text.ljust(w) for text, w in zip(row, widths, strict=True))
        + " |"
        for row in cells
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)


def milliseconds(seconds):
    """A time with three significant digits."""
    return f"{seconds * 1e3:.3g}" if seconds < 1 else f"{seconds * 1e3:.0f}"


def by_contestant(results):
    """The results of `measure_in_turn`, from (contestant, n_threads) to each."""
    return {(found["contestant"], found["n_threads"]): found for found in results}


def ratio_table(measured, n_threads, *, peak=None):
    """Times of all contestants and how many times as long as ours each takes.

    Parameters
    ----------
    measured : list of (Case, dict)
        Cases of one section and cell with their results `by_contestant`.

    n_threads : int
        Which results to show.

    peak : float, default=None
        Multiply-add peak in operations a second; adds a column with the share of it
        that our matrix products reach.

    Returns
    -------
    table : str
        Markdown; the last two rows are the geometric mean and the least ratio.
    """
    peers = []
    for _, results in measured:
        for name, threads in results:
            if threads == n_threads and name != OURS and name not in peers:
                peers.append(name)
    header = ["shape", f"{OURS} ms"]
    header += ["% of peak"] if peak else []
    for name in peers:
        header += [f"{name} ms", "ratio"]
    with_quality = any(
        found["quality"] is not None for _, r in measured for found in r.values()
    )
    header += ["training accuracy, in the order of the columns"] if with_quality else []
    rows, ratios = [], {name: [] for name in peers}
    for case, results in measured:
        ours = results[OURS, n_threads]
        row = [case.label, milliseconds(ours["seconds"])]
        if peak:
            rate = case.floating_point_operations / ours["seconds"]
            row.append(f"{100 * rate / peak:.0f}")
        for name in peers:
            peer = results.get((name, n_threads))
            if peer is None:
                row += ["", ""]
                continue
            ratios[name].append(peer["seconds"] / ours["seconds"])
            row += [milliseconds(peer["seconds"]), f"{ratios[name][-1]:.2f}"]
        if with_quality:
            row.append(_qualities(results, [OURS, *peers], n_threads))
        rows.append(row)
    for title, summary in (("geometric mean", geometric_mean), ("least", min)):
        row = [title, ""] + ([""] if peak else [])
        for name in peers:
            row += ["", f"{summary(ratios[name]):.2f}" if ratios[name] else ""]
        rows.append(row + ([""] if with_quality else []))
    return markdown(header, rows)


def _qualities(results, names, n_threads):
    found = [results.get((name, n_threads), {}).get("quality") for name in names]
    return ", ".join("-" if value is None else f"{value:.2f}" for value in found)


def scaling_table(measured, contestant, few, many):
    """How many times as fast `many` threads are as `few`, a row a case."""
    rows = []
    for case, results in measured:
        if (contestant, few) in results and (contestant, many) in results:
            slow = results[contestant, few]["seconds"]
            fast = results[contestant, many]["seconds"]
            rows.append([case.label, f"{slow / fast:.2f}"])
    return markdown(["shape", f"{contestant}, {many} threads against {few}"], rows)


def memory_table(measured):
    """Peak memory of every contestant in MB, a row a case."""
    names = []
    for _, results in measured:
        names += [name for name in results if name not in names]
    header = ["shape", *(f"{name} MB" for name in names)]
    rows = []
    for case, results in measured:
        row = [case.label]
        for name in names:
            used = results.get(name)
            row.append("not measured" if used is None else f"{used / 1e6:.1f}")
        rows.append(row)
    return markdown(header, rows)
