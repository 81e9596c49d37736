"""Every name of scikit-learn that is not documented as public, imported here only.

When a release moves or changes one of them, this file is the one to mend.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from sklearn.utils._param_validation import (
    Interval,
    InvalidParameterError,
    Options,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils._set_output import _get_container_adapter
from sklearn.utils.validation import _check_feature_names_in, _check_sample_weight

if TYPE_CHECKING:  # untyped decorators would hide the types of what they decorate
    _Function = TypeVar("_Function", bound=Callable[..., Any])

    def _fit_context(
        *, prefer_skip_nested_validation: bool
    ) -> Callable[[_Function], _Function]: ...

    def available_if(
        check: Callable[[Any], bool],
    ) -> Callable[[_Function], _Function]: ...

else:
    from sklearn.base import _fit_context
    from sklearn.utils.metaestimators import available_if

__all__ = [
    "Interval",
    "InvalidParameterError",
    "Options",
    "StrOptions",
    "_check_feature_names_in",
    "_check_sample_weight",
    "_fit_context",
    "_get_container_adapter",
    "available_if",
    "validate_parameter_constraints",
]
