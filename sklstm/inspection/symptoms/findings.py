"""What was found, where, and what to do about it; and the report of all of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from textwrap import fill

__all__ = ["Diagnosis", "Finding", "listed"]

MAX_LISTED = 8


@dataclass(frozen=True)
class Finding:
    """One thing that `diagnose` has found.

    Parameters
    ----------
    kind : str
        What it is, such as "dead units".
    severity : {"problem", "hint"}
        A problem usually costs accuracy; a hint may be as it should be.
    seen : str
        What was seen, with numbers.
    advice : str
        What to change.
    where : dict
        Its place: some of "layer", "direction", "gate", "units", "channels", "sample",
        "step", "epoch" and "lag"; empty if it is the whole.
    """

    kind: str
    severity: str
    seen: str
    advice: str
    where: dict

    @property
    def place(self) -> str:
        """The place in words."""
        parts = []
        for name, value in self.where.items():
            if isinstance(value, list):
                name = name if len(value) > 1 else name.removesuffix("s")
                value = listed(value)
            parts.append(f"{name.replace('_', ' ')} {value}")
        return ", ".join(parts)


@dataclass(frozen=True)
class Diagnosis:
    """What `diagnose` returns: findings, and the numbers they come from.

    `print` it for the report; notebooks show it as a table.

    Parameters
    ----------
    name : str
        Of the estimator.
    findings : list of Finding
        Problems first.
    statistics : dict
        The numbers, also where nothing was found: "channels" (`mean`, `std`, `minimum`
        and `maximum` by channel), "gates" (by layer and direction, for every gate the
        share of steps at which it is saturated by unit), "gradient_norms" (by layer,
        the mean over the sequences by time lag), "scores" (with y).
    not_examined : list of str
        What could not be looked at, and why.
    """

    name: str
    findings: list[Finding]
    statistics: dict
    not_examined: list[str]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __str__(self):
        lines = [self._headline()]
        for number, finding in enumerate(self.findings, 1):
            place = f" ({finding.place})" if finding.where else ""
            lines.append(f"\n{number}. {finding.severity}: {finding.kind}{place}")
            lines += [_indented(finding.seen), _indented(f"-> {finding.advice}")]
        lines += [f"\nNot examined: {what}" for what in self.not_examined]
        return "\n".join(lines)

    def _headline(self):
        n_problems = sum(finding.severity == "problem" for finding in self.findings)
        n_hints = len(self.findings) - n_problems
        if not self.findings:
            return f"Diagnosis of {self.name}: nothing conspicuous."
        problems = f"{n_problems} problem{'' if n_problems == 1 else 's'}"
        hints = f"{n_hints} hint{'' if n_hints == 1 else 's'}"
        return f"Diagnosis of {self.name}: {problems}, {hints}"

    def _repr_html_(self):
        head = "".join(
            f'<th style="text-align: left">{name}</th>'
            for name in ("", "where", "seen", "what to change")
        )
        rows = "".join(
            "<tr>"
            + "".join(
                f'<td style="text-align: left; vertical-align: top">{escape(cell)}</td>'
                for cell in (
                    f"{finding.severity}: {finding.kind}",
                    finding.place,
                    finding.seen,
                    finding.advice,
                )
            )
            + "</tr>"
            for finding in self.findings
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        rest = "".join(
            f"<p>Not examined: {escape(what)}</p>" for what in self.not_examined
        )
        return (
            f"<div><p><b>{escape(self._headline())}</b></p>"
            f"{table if self.findings else ''}{rest}</div>"
        )


def listed(values):
    """A few of the values, and how many more there are."""
    shown = ", ".join(str(value) for value in values[:MAX_LISTED])
    n_more = len(values) - MAX_LISTED
    return shown if n_more <= 0 else f"{shown} and {n_more} more"


def _indented(text):
    return fill(text, 84, initial_indent="   ", subsequent_indent="   ")
