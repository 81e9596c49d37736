"""One fit and the file it is saved in: which fit it is, when to save, what is left."""

import time
import warnings
from dataclasses import fields
from typing import NamedTuple

import numpy as np

from .._version import __version__
from ..training import TrainingState
from .fingerprints import fingerprint
from .plain_files import read_plain, remove_leftovers, write_plain

__all__ = ["FitRecord", "Saved", "identity_of"]

FORMAT = "sklstm checkpoint 1"

# Parameters that change no bit of the result.
_WITHOUT_EFFECT = ("n_jobs", "verbose")


class Saved(NamedTuple):
    """What a file holds of a fit."""

    parameters: np.ndarray
    state: TrainingState
    drawn: dict


class FitRecord:
    """One fit and its file.

    Parameters
    ----------
    checkpoint : Checkpoint
        Says when to save.
    path : Path
    identity, drawn, kernels
        See `Checkpoint.open`.

    Attributes
    ----------
    saved : Saved or None
        What an earlier process has left of this fit.
    """

    def __init__(self, checkpoint, path, identity, drawn, kernels):
        self._path, self._identity = path, identity
        self._drawn, self._kernels = drawn, kernels
        self._every_epochs = checkpoint.every_epochs
        self._every_minutes = checkpoint.every_minutes
        if self._every_epochs is None and self._every_minutes is None:
            self._every_epochs = 1
        self._n_waited, self._last_time = 0, time.monotonic()
        remove_leftovers(path)
        self.saved = self._read()
        if self.saved is not None:
            self._drawn = self.saved.drawn

    def save(self, network, state):
        """Save the fit after an epoch, if it is time to.

        Parameters
        ----------
        network : RecurrentNetwork
        state : TrainingState
        """
        self._n_waited += 1
        if not (state.stop_reason or self._is_time()):
            return
        of_state = {field.name: getattr(state, field.name) for field in fields(state)}
        write_plain(
            self._path,
            {
                "format": FORMAT,
                "identity": self._identity,
                "kernels": self._kernels,
                "drawn": self._drawn,
                "parameters": network.parameters,
                "state": of_state,
            },
        )
        self._n_waited, self._last_time = 0, time.monotonic()

    def _is_time(self):
        if self._every_epochs is not None and self._n_waited >= self._every_epochs:
            return True
        if self._every_minutes is None:
            return False
        return time.monotonic() - self._last_time >= 60 * self._every_minutes

    def _read(self):
        path = self._path
        try:
            content = read_plain(path)
            if content["format"] != FORMAT:
                raise ValueError(f"its format is {content['format']!r}")
            identity, kernels = content["identity"], content["kernels"]
            state = content["state"]
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{path} is no checkpoint, or not a whole one ({error}). Delete it to "
                "fit from the start, or put a good copy in its place."
            ) from None
        self._check_same(identity)
        if kernels != self._kernels:
            warnings.warn(
                f"{path} was written with the kernels {kernels}, and training goes on "
                f"with {self._kernels}: the weights will not be the same to the last "
                "bit as without the break. SKLSTM_ISA chooses the instruction set.",
                stacklevel=2,
            )
        return Saved(content["parameters"], TrainingState(**state), content["drawn"])

    def _check_same(self, found):
        """Raise unless the file is of this very fit."""
        wanted, path = self._identity, self._path
        if found["version"] != wanted["version"]:
            raise ValueError(
                f"{path} was written by sklstm {found['version']}, and this is "
                f"{wanted['version']}: training cannot go on to the same bits. Finish "
                "the fit with the version it began with, or delete the file to fit "
                "from the start."
            )
        differences = _differences(found, wanted)
        if differences:
            raise ValueError(
                f"{path} belongs to another fit: {', '.join(differences)}. Delete it "
                "to fit from the start, or choose another path. For several fits, as "
                "in a search, give a folder, where each has a file of its own."
            )


def _differences(found, wanted):
    """In words what differs between two fits."""
    if found["estimator"] != wanted["estimator"]:
        return [f"that of {found['estimator']}, not of {wanted['estimator']}"]
    of_found, of_wanted = found["parameters"], wanted["parameters"]
    words = [
        f"{name} was {of_found.get(name)} and is {of_wanted.get(name)}"
        for name in sorted(of_found.keys() | of_wanted.keys())
        if of_found.get(name) != of_wanted.get(name)
    ]
    if found["start"] != wanted["start"]:
        words.append(f"it started {found['start']} and this one {wanted['start']}")
    of_found, of_wanted = found["data"], wanted["data"]
    other = [name for name in of_wanted if of_found.get(name) != of_wanted[name]]
    return words + [f"it has another {name}" for name in other]


def identity_of(estimator, data, start):
    """Return what tells a fit from all others, as plain values.

    Parameters
    ----------
    estimator : estimator
    data : dict of str to object
        By name what `fingerprint` can read.
    start : tuple or None
        What the fit goes on from; None if it starts anew.

    Returns
    -------
    identity : dict
    """
    parameters = estimator.get_params(deep=False)
    for name in _WITHOUT_EFFECT:
        del parameters[name]
    if isinstance(parameters["random_state"], np.random.RandomState):
        parameters["random_state"] = "a RandomState"  # its state is in the file
    return {
        "estimator": type(estimator).__name__,
        "version": __version__,
        "parameters": {name: _text_of(value) for name, value in parameters.items()},
        "data": {name: fingerprint(value) for name, value in data.items()},
        "start": "anew" if start is None else f"from the fit {fingerprint(*start)}",
    }


def _text_of(value):
    """A parameter as a text that is equal for equal ones only."""
    if isinstance(value, np.ndarray):  # of which repr leaves out the middle
        array = "x".join(map(str, value.shape)) or "0-d"
        return f"an array of {array} ({fingerprint(value)})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k!r}: {_text_of(v)}' for k, v in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(map(_text_of, value))})"
    return repr(value)
