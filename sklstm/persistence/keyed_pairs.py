"""Dictionaries whose keys are no strings, in a form that every library stores.

skops writes JSON, where all keys are strings: it reads ``{False: 1.0, True: 5.0}`` back
as ``{True: 5.0}``, and cannot write keys that are tuples. Class weights have such keys.
"""


class KeyedPairs:
    """Keys and values of a dictionary.

    Parameters
    ----------
    pairs : list of tuple
        ``(key, value)``, in their order.

    Examples
    --------
    >>> from sklstm.persistence.keyed_pairs import KeyedPairs
    >>> KeyedPairs([(False, 1.0), (True, 5.0)]).pairs
    [(False, 1.0), (True, 5.0)]
    """

    __slots__ = ("pairs",)

    def __init__(self, pairs):
        self.pairs = pairs

    # pickle and skops build it by calling it.
    def __reduce__(self):
        return type(self), (self.pairs,)


def with_pairs(value):
    """Return a value with `KeyedPairs` for dictionaries that need it.

    Parameters
    ----------
    value : object
        A dictionary or a list of them; anything else is returned as it is.

    Returns
    -------
    value : object
        The same object where there is nothing to do.
    """
    if type(value) is dict and not all(type(key) in (str, int) for key in value):
        return KeyedPairs(list(value.items()))
    if type(value) is list and any(type(item) is dict for item in value):
        return [with_pairs(item) for item in value]
    return value


def without_pairs(value):
    """Return what `with_pairs` was given.

    Parameters
    ----------
    value : object
        Its result.

    Returns
    -------
    value : object
    """
    if isinstance(value, KeyedPairs):
        return dict(value.pairs)
    if type(value) is list and any(isinstance(item, KeyedPairs) for item in value):
        return [without_pairs(item) for item in value]
    return value
