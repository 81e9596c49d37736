# The cells by name. A new cell is a file beside this one and an entry here, and its
# parameters in sklstm/network/cells.py.

cdef bint find_cell(str name, Cell* cell) except False:
    cell.carries_hidden = True
    cell.n_phases = 1
    cell.blocks_per_panel[0] = 1
    if name == "lstm":
        cell.n_slots = 4
        cell.forward[0] = lstm_forward
        cell.backward[0] = lstm_backward
        cell.recurrent_first_slot = 0
        cell.recurrent_n_slots = 4
        cell.carries_hidden = False
    elif name == "gru":
        cell.n_slots = 3
        cell.n_phases = 2
        cell.blocks_per_panel[0] = 2
        cell.blocks_per_panel[1] = 4
        cell.forward[0] = gru_forward_reset_update
        cell.forward[1] = gru_forward_candidate
        cell.backward[0] = gru_backward_update_candidate
        cell.backward[1] = gru_backward_reset
        cell.recurrent_first_slot = 0
        cell.recurrent_n_slots = 2
    elif name == "gru_reset_after":
        cell.n_slots = 4
        cell.forward[0] = gru_reset_after_forward
        cell.backward[0] = gru_reset_after_backward
        cell.recurrent_first_slot = 1
        cell.recurrent_n_slots = 3
    else:
        raise ValueError(f"unknown cell {name!r}")
    return True
