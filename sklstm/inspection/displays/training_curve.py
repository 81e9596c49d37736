"""`TrainingCurveDisplay`: losses and scores of one fit, epoch by epoch."""

from typing import Any, Self

import numpy as np

from ..recurrent_part import recurrent_part
from .figures import GREY, figure_axes, number_ticks

__all__ = ["TrainingCurveDisplay"]


class TrainingCurveDisplay:
    """Losses and scores of one fit, epoch by epoch.

    Best made by `from_estimator`. Scikit-learn's
    :class:`~sklearn.model_selection.LearningCurveDisplay` is something else: it draws
    scores of many fits, over the size of the training set.

    Parameters
    ----------
    loss_curve : array-like of shape (n_epochs,)
        Training loss of every epoch.
    validation_loss_curve : array-like of shape (n_validated,), default=None
        Validation loss of every epoch, or of all but one that was interrupted.
    validation_scores : array-like of shape (n_validated,), default=None
        Validation score of the same epochs.
    kept : bool, default=False
        Whether the weights of the best epoch were kept, as by early stopping.
    unit : str, default="epoch"
        What is counted: iterations, of L-BFGS.
    name : str, default=None
        Of the fit, in the legend.

    Attributes
    ----------
    best_epoch_ : int or None
        The epoch, counted from 1, with the best validation score; among equal ones that
        with the lower loss. None without validation.
    axes_ : ndarray of matplotlib Axes
        Losses; with validation scores, below them the scores.
    figure_ : matplotlib Figure
    lines_ : dict of matplotlib Line2D
        "loss", "validation_loss" and "validation_score", as far as there are any.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Scores over the size of the data.

    Examples
    --------
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.datasets import load_japanese_vowels
    >>> from sklstm.inspection import TrainingCurveDisplay
    >>> vowels = load_japanese_vowels()
    >>> model = LSTMClassifier(
    ...     hidden_layer_sizes=8, max_iter=5, early_stopping=True, random_state=0
    ... ).fit(vowels.X_train, vowels.y_train)
    >>> display = TrainingCurveDisplay.from_estimator(model)
    >>> len(display.axes_), sorted(display.lines_)
    (2, ['loss', 'validation_loss', 'validation_score'])
    """

    def __init__(
        self, *, loss_curve, validation_loss_curve=None, validation_scores=None,
        kept=False, unit="epoch", name=None,
    ):  # fmt: skip
        self.loss_curve = loss_curve
        self.validation_loss_curve = validation_loss_curve
        self.validation_scores = validation_scores
        self.kept = kept
        self.unit = unit
        self.name = name

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: Any = None, name: str | None = None, **how: Any
    ) -> Self:
        """Draw the curves of a fitted estimator.

        Parameters
        ----------
        estimator : estimator instance
            Fitted; also a pipeline that ends in an estimator of this library, or a
            fitted search, whose best estimator it is then.
        ax, **how
            As for `plot`.
        name : str, default=None
            Of the fit, in the legend.

        Returns
        -------
        display : TrainingCurveDisplay
        """
        estimator = recurrent_part(estimator, f"{cls.__name__}.from_estimator")
        display = cls(
            loss_curve=estimator.loss_curve_,
            validation_loss_curve=estimator.validation_loss_curve_,
            validation_scores=estimator.validation_scores_,
            kept=estimator.early_stopping,
            unit="iteration" if estimator.solver == "lbfgs" else "epoch",
            name=name,
        )
        return display.plot(ax=ax, **how)

    @property
    def best_epoch_(self) -> int | None:
        """The epoch with the best validation score, counted from 1."""
        if self.validation_scores is None:
            return None
        scores = list(self.validation_scores)
        losses = self.validation_loss_curve
        losses = [0.0] * len(scores) if losses is None else list(losses)
        best = max(range(len(scores)), key=lambda k: (scores[k], -losses[k], -k))
        return best + 1

    def plot(
        self,
        ax: Any = None,
        *,
        loss_kw: dict[str, Any] | None = None,
        validation_loss_kw: dict[str, Any] | None = None,
        validation_score_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            Where to: one Axes, which is divided where there are scores, or one for the
            losses and one for the scores, such as the `axes_` of another display.
            None makes a figure.
        loss_kw, validation_loss_kw, validation_score_kw : dict, default=None
            For the lines: arguments of :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        display : TrainingCurveDisplay
            This one, with `axes_`, `figure_` and `lines_`.
        """
        curves = self._checked_curves()
        n_panels = 1 if self.validation_scores is None else 2
        axes = figure_axes(
            ax, f"{type(self).__name__}.plot", n_panels=n_panels,
            figsize=(7, 3.5 if n_panels == 1 else 5), height_ratios=(3, 2)[:n_panels],
        )  # fmt: skip
        styles = {
            "loss": loss_kw,
            "validation_loss": validation_loss_kw,
            "validation_score": validation_score_kw,
        }
        self.lines_ = {}
        for key, values in curves.items():
            how = self._style(key) | (styles[key] or {})
            epochs = np.arange(1, len(values) + 1)
            panel = axes[1 if key == "validation_score" else 0]
            (self.lines_[key],) = panel.plot(epochs, values, **how)
        if n_panels == 2:
            self._mark_best(axes, curves)
        axes[0].set_ylabel("loss")
        axes[0].legend()
        axes[-1].set_xlabel(self.unit)
        number_ticks(axes[-1].xaxis)
        self.axes_, self.figure_ = axes, axes[0].figure
        return self

    def _checked_curves(self):
        curves = {
            "loss": self.loss_curve,
            "validation_loss": self.validation_loss_curve,
            "validation_score": self.validation_scores,
        }
        curves = {
            key: np.asarray(values, dtype=float)
            for key, values in curves.items()
            if values is not None
        }
        n_epochs = len(curves["loss"])
        for key, values in curves.items():
            # The last epoch has no validation if it was interrupted.
            if not n_epochs - 1 <= len(values) <= n_epochs:
                raise ValueError(
                    f"there is a loss for {n_epochs} {self.unit}s, but a "
                    f"{key.replace('_', ' ')} for {len(values)}: which of them these "
                    "are is not known. Fits that go on from one another need "
                    "validation data in all calls or in none."
                )
        return curves

    def _style(self, key):
        """Of a line: a named fit has one colour, and its validation is dashed."""
        if key == "loss":
            return {"label": f"{self.name}, training" if self.name else "training"}
        style = {"label": f"{self.name}, validation" if self.name else "validation"}
        if self.name:
            style |= {"linestyle": "--", "color": self.lines_["loss"].get_color()}
        if key == "validation_score":  # in the legend above
            style["label"] = None
            if "validation_loss" in self.lines_:
                style["color"] = self.lines_["validation_loss"].get_color()
        return style

    def _mark_best(self, axes, curves):
        """A line through both panels, and a dot on the curves of validation."""
        best = self.best_epoch_
        words = f"{'kept' if self.kept else 'best'}: {self.unit} {best}"
        words = f"{self.name}, {words}" if self.name else words
        for panel in axes:
            panel.axvline(best, color=GREY, linestyle=":", linewidth=1, zorder=1)
        for key, line in self.lines_.items():
            if key != "loss":
                line.axes.plot(
                    best, curves[key][best - 1], "o", color=line.get_color(),
                    markersize=6, label=words if key == "validation_score" else None,
                )  # fmt: skip
        axes[1].set_ylabel("validation score")
        axes[1].legend(loc="best")
