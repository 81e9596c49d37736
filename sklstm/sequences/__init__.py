"""Sequences as users have them, and the one form the library computes with.

container.py             `Sequences`: all steps in one array, and lengths
stacking.py              a list of arrays -> one array, copied once
layouts.py               2-D, 3-D, ragged, padded input and data frames <-> `Sequences`
validation.py            what estimators check; errors that name sample and step
converters.py            panels with the time axis last, long data frames
labelled_frames.py       long data frames with targets and groups, and the way back
windows.py               windows over long series, with groups for cross-validation
timestep_transformer.py  any 2-D transformer of scikit-learn, applied to time steps
sequence_scaler.py       each sequence on a scale of its own
frame_stacker.py         several steps side by side become one
lifting.py               targets and weights of sequences, repeated for their steps
table_output.py          ``set_output`` where a result is a table only sometimes
packing.py               sequences -> time-major batches without padding
pairs.py                 sources with the symbols that belong to them, and their batches
symbol_table.py          symbols, any hashable things, and the integers for them
symbol_input.py          sequences of symbols told from vectors, checked
"""

from .container import Sequences
from .converters import from_long_frame, from_panel, to_panel
from .frame_stacker import FrameStacker
from .labelled_frames import from_labelled_frame, to_long_frame
from .layouts import restore_layout
from .sequence_scaler import SequenceScaler
from .timestep_transformer import TimestepTransformer
from .validation import check_sequences, check_targets, validate_sequences
from .windows import sliding_windows

__all__ = [
    "FrameStacker",
    "SequenceScaler",
    "Sequences",
    "TimestepTransformer",
    "check_sequences",
    "check_targets",
    "from_labelled_frame",
    "from_long_frame",
    "from_panel",
    "restore_layout",
    "sliding_windows",
    "to_long_frame",
    "to_panel",
    "validate_sequences",
]
