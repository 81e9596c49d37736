"""Channels that are constant, far from zero, or on scales of their own."""

import numpy as np

from .findings import Finding

__all__ = ["channel_statistics", "findings_on_inputs"]

# Starting weights suit inputs of about unit variance; within such a factor the
# optimiser makes up for the difference.
SCALE_RATIO = 10
LARGE, SMALL = 10, 0.01
OUTLIER = 20  # half distances of the quantiles between which two thirds lie

SCALE = (
    "Scale the channels: put TimestepTransformer(StandardScaler()) in front, in a "
    "pipeline."
)


def channel_statistics(sequences):
    """Mean, standard deviation and extremes of each channel, over all steps.

    Parameters
    ----------
    sequences : Sequences

    Returns
    -------
    statistics : dict of str to ndarray of shape (n_features,)
    """
    values = sequences.values.astype(np.float64)
    return {
        "mean": values.mean(axis=0),
        "std": values.std(axis=0),
        "minimum": values.min(axis=0),
        "maximum": values.max(axis=0),
    }


def findings_on_inputs(sequences, names):
    """Look at what reaches the network.

    Parameters
    ----------
    sequences : Sequences
    names : list of str or None
        Of the channels.

    Returns
    -------
    findings : list of Finding
    statistics : dict
    """
    statistics = channel_statistics(sequences)
    names = list(range(sequences.n_features)) if names is None else list(names)
    mean, std = statistics["mean"], statistics["std"]
    size = np.maximum(np.abs(statistics["minimum"]), np.abs(statistics["maximum"]))
    is_constant = std <= 1e-7 * size
    findings = []
    if is_constant.any():
        channels = [names[k] for k in np.flatnonzero(is_constant)]
        findings.append(
            Finding(
                "constant channels",
                "hint",
                "The value is the same at every step of every sequence.",
                "Leave such channels out: they act as one more bias.",
                {"channels": channels},
            )
        )
    varied = np.flatnonzero(~is_constant)
    is_far = varied[np.abs(mean[varied]) > np.maximum(2 * std[varied], 1)]
    if len(is_far):
        worst = is_far[np.argmax(np.abs(mean[is_far]) / std[is_far])]
        findings.append(
            Finding(
                "inputs far from zero",
                "problem",
                f"Channel {names[worst]} has mean {mean[worst]:.3g} and standard "
                f"deviation {std[worst]:.3g}: gates see a large constant, and little "
                "of what changes.",
                SCALE,
                {"channels": [names[k] for k in is_far]},
            )
        )
    findings += _on_scales(std, varied, names)
    findings += _on_outliers(sequences, statistics, varied, names)
    return findings, statistics


def _on_scales(std, varied, names):
    if len(varied) == 0:
        return []
    low, high = varied[std[varied].argmin()], varied[std[varied].argmax()]
    if std[high] > SCALE_RATIO * std[low]:
        return [
            Finding(
                "channels of different scale",
                "problem",
                f"Standard deviations go from {std[low]:.3g} (channel {names[low]}) to "
                f"{std[high]:.3g} (channel {names[high]}): the larger one drowns the "
                "smaller.",
                SCALE,
                {"channels": [names[low], names[high]]},
            )
        ]
    off = varied[(std[varied] > LARGE) | (std[varied] < SMALL)]
    if len(off) == 0:
        return []
    effect = "saturates the gates" if std[high] > LARGE else "hardly moves the gates"
    return [
        Finding(
            "unscaled inputs",
            "problem",
            f"Standard deviations are about {np.median(std[off]):.3g}, where 1 is "
            f"expected: this {effect}.",
            SCALE,
            {"channels": [names[k] for k in off]},
        )
    ]


def _on_outliers(sequences, statistics, varied, names):
    distance = np.zeros(len(statistics["mean"]))
    for end in ("minimum", "maximum"):
        of_end = np.abs(statistics[end] - statistics["mean"])
        distance = np.maximum(distance, of_end)
    # Outliers swell the standard deviation, and would hide themselves.
    low, high = np.quantile(sequences.values, [1 / 6, 5 / 6], axis=0)
    spread = (high - low) / 2
    far = varied[(distance > OUTLIER * spread)[varied] & (spread[varied] > 0)]
    findings = []
    for channel in far:
        column = np.abs(sequences.values[:, channel] - statistics["mean"][channel])
        row = int(column.argmax())
        sample = int(np.searchsorted(sequences.offsets, row, side="right")) - 1
        step = row - int(sequences.offsets[sample])
        times = distance[channel] / spread[channel]
        findings.append(
            Finding(
                "outliers",
                "hint",
                f"The value {sequences.values[row, channel]:.3g} is {times:.0f} times "
                "as far from the mean as two thirds of the values are at most.",
                "Check the recording; clip such values, or scale with RobustScaler.",
                {"channels": [names[channel]], "sample": sample, "step": step},
            )
        )
    return findings
