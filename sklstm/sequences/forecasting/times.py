"""Times of series: how they go on, and where some are missing.

Times are numbers or datetime64; those with a time zone are kept in UTC. Steps of whole
days, and of months, are counted by the clocks of their zone, where a day may have 23 or
25 hours; shorter steps are durations.
"""

import datetime
import warnings
import zoneinfo

import numpy as np

__all__ = ["check_later", "continued_times", "warn_of_missing_times"]

# Steps at the end of a series that say how its times go on.
TIMES_KEPT = 25

# Of the steps of a series, at most so many are wider than the others where steps are
# missing. More are a rhythm of their own, as that of days without weekends.
_RARE = 0.1

_DAY = np.timedelta64(1, "D")


def continued_times(times, n_steps, time_zone=None):
    """Go on with regular times.

    Parameters
    ----------
    times : ndarray of shape (n_times,)
        Numbers or datetime64, ascending.
    n_steps : int
        How many to add.
    time_zone : str, default=None
        Whose clocks count days and months; times are in UTC then.

    Returns
    -------
    times : ndarray of shape (n_steps,) or None
        Equally spaced, or in equal numbers of calendar months, as the last ones were;
        None if they were neither.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.sequences.forecasting.times import continued_times
    >>> months = np.array(["2024-11-01", "2024-12-01", "2025-01-01"], "datetime64[D]")
    >>> continued_times(months, 2)
    array(['2025-02-01', '2025-03-01'], dtype='datetime64[D]')
    """
    times = times[-TIMES_KEPT:]
    if len(times) < 2 or times.dtype.kind not in "iufM":
        return None
    ahead = np.arange(1, n_steps + 1)
    if times.dtype.kind == "M":  # first, for two quarters may have equally many days
        zone = _zone(time_zone)
        clocks = _on_clocks(times, zone)
        later = _continued_months(clocks, ahead)
        if later is None and _are_whole_days(clocks):
            later = _continued_evenly(clocks, ahead)
        if later is not None:
            return _in_utc(later, zone)
    return _continued_evenly(times, ahead)


def warn_of_missing_times(times, names, time_zone=None):
    """Warn if times are even but for a few places, where steps seem to be missing.

    Parameters
    ----------
    times : list of ndarray
        Of each series, ascending.
    names : list of str
        What messages call them.
    time_zone : str, default=None
        See `continued_times`.
    """
    found = []
    zone = _zone(time_zone)
    for of_series, name in zip(times, names, strict=True):
        if len(of_series) > 2 and of_series.dtype.kind in "iufM":
            wide, usual = _wide_steps(of_series, zone)
            if len(wide):
                found.append((name, of_series[wide[0]], of_series[wide[0] + 1], usual))
    if found:
        name, before, after, usual = found[0]
        more = f" ({len(found)} series have such places)" if len(found) > 1 else ""
        warnings.warn(
            f"{name[0].upper()}{name[1:]} goes from time {before} to {after}, but its "
            f"steps are {usual} apart nearly everywhere{more}. Rows are read as steps "
            "that follow one another: if some are missing, put them in and fill their "
            "values, for example by interpolation.",
            stacklevel=2,
        )


def check_later(times, earlier, name, what):
    """Raise unless times come after others, as far as they can be compared.

    Parameters
    ----------
    times, earlier : ndarray
        Ascending.
    name : str
        What messages call the series.
    what : str
        What they call `times`.
    """
    if len(times) and len(earlier) and not times[0] > earlier[-1]:
        raise ValueError(
            f"{what} of {name} begin at time {times[0]}, but must come after its last "
            f"one, {earlier[-1]}."
        )


def _continued_evenly(times, ahead):
    gaps = np.diff(times)
    same = np.isclose(gaps, gaps[0]) if gaps.dtype.kind == "f" else gaps == gaps[0]
    return times[-1] + ahead * gaps[0] if same.all() else None


def _continued_months(times, ahead):
    """The same day and hour of later months, or the last day of each."""
    steps = _month_steps(times)
    if steps is None or (steps != steps[0]).any() or not steps[0]:
        return None
    months = times.astype("datetime64[M]")
    later = months[-1] + ahead * steps[0]
    since_start = times - months.astype(times.dtype)
    if (since_start == since_start[0]).all():
        return later.astype(times.dtype) + since_start[0]
    until_end = (months + 1).astype(times.dtype) - times
    return (later + 1).astype(times.dtype) - until_end[0]


def _month_steps(times):
    """Months between times at one place of their months; None if they are not."""
    months = times.astype("datetime64[M]")
    since_start = times - months.astype(times.dtype)
    until_end = (months + 1).astype(times.dtype) - times
    if (since_start == since_start[0]).all() or (until_end == until_end[0]).all():
        return np.diff(months)
    return None


def _are_whole_days(times):
    return not (np.diff(times) % _DAY).any()


def _wide_steps(times, zone):
    """Numbers of the steps that are wider than nearly all others, and what is usual."""
    gaps = np.diff(times)
    if times.dtype.kind == "M":
        clocks = _on_clocks(times, zone)
        months = _month_steps(clocks)
        if months is not None and months.all():
            gaps = months
        elif _are_whole_days(clocks):
            gaps = np.diff(clocks)
    distinct, counts = np.unique(gaps, return_counts=True)
    usual = distinct[np.argmax(counts)]
    if gaps.dtype.kind == "f":
        usual = np.median(gaps)
        wide = np.flatnonzero(gaps > 1.5 * usual)
    else:
        wide = np.flatnonzero(gaps > usual)
    return (wide if len(wide) <= _RARE * len(gaps) else wide[:0]), _described(usual)


def _described(gap):
    if not isinstance(gap, np.timedelta64):
        return f"{gap:g}"
    if np.datetime_data(gap.dtype)[0] == "M":
        return f"{gap.astype(int)} month(s)"
    return str(gap.astype("timedelta64[us]").item())


# ---- time zones ---------------------------------------------------------------------


def _zone(name):
    """The time zone, or None for UTC, for a fixed offset, and for an unknown one."""
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None


def _on_clocks(times, zone):
    """What the clocks of a zone show at times in UTC."""
    if zone is None:
        return times
    return times + _offsets(
        times, lambda time: time.replace(tzinfo=datetime.UTC).astimezone(zone)
    )


def _in_utc(times, zone):
    """The times at which clocks show something; where twice, the first time."""
    if zone is None:
        return times
    return times - _offsets(times, lambda time: time.replace(tzinfo=zone))


def _offsets(times, aware):
    moments = times.astype("datetime64[us]").tolist()
    offsets = [aware(moment).utcoffset() for moment in moments]
    return np.array(offsets, dtype="timedelta64[us]").astype(
        f"timedelta64[{np.datetime_data(times.dtype)[0]}]"
    )
