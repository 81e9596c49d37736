# The cells by name. A new cell is a file beside this one and an entry here, and its
# parameters in sklstm/network/cells.py.

cdef bint find_cell(str name, bint projected, Cell* cell) except False:
    """Fill in the cell; `projected` is for the family of the LSTM."""
    cell.projects = False
    cell.n_phases = 1
    cell.blocks_per_panel[0] = 1
    cell.recurrent_first_slot = 0
    if name.startswith("lstm"):
        find_lstm(name, cell)
        cell.recurrent_n_slots = cell.n_slots
        if projected:
            cell.projects = True
            cell.n_phases = 2
            cell.blocks_per_panel[1] = TILE_WIDTH
            cell.forward[1] = lstm_project
            cell.backward[1] = cell.backward[0]
            cell.backward[0] = lstm_collect_projected
    elif name == "gru":
        cell.n_slots = 3
        cell.n_phases = 2
        cell.blocks_per_panel[0] = 2
        cell.blocks_per_panel[1] = 4
        cell.forward[0] = gru_forward_reset_update
        cell.forward[1] = gru_forward_candidate
        cell.backward[0] = gru_backward_update_candidate
        cell.backward[1] = gru_backward_reset
        cell.recurrent_n_slots = 2
    elif name == "gru_reset_after":
        cell.n_slots = 4
        cell.forward[0] = gru_reset_after_forward
        cell.backward[0] = gru_reset_after_backward
        cell.recurrent_first_slot = 1
        cell.recurrent_n_slots = 3
    elif name in ("rnn_tanh", "rnn_relu"):
        cell.n_slots = 1
        cell.blocks_per_panel[0] = 4
        cell.forward[0] = rnn_tanh_forward if name == "rnn_tanh" else rnn_relu_forward
        cell.backward[0] = rnn_tanh_backward if name == "rnn_tanh" else rnn_relu_backward
        cell.recurrent_n_slots = 1
    else:
        raise ValueError(f"unknown cell {name!r}")
    return True


cdef bint find_lstm(str name, Cell* cell) except False:
    cell.n_slots = 3 if name.startswith("lstm_coupled") else 4
    if name == "lstm":
        cell.forward[0] = lstm_forward
        cell.backward[0] = lstm_backward
    elif name == "lstm_coupled":
        cell.forward[0] = lstm_coupled_forward
        cell.backward[0] = lstm_coupled_backward
    elif name == "lstm_peephole":
        cell.forward[0] = lstm_peephole_forward
        cell.backward[0] = lstm_peephole_backward
    elif name == "lstm_coupled_peephole":
        cell.forward[0] = lstm_coupled_peephole_forward
        cell.backward[0] = lstm_coupled_peephole_backward
    else:
        raise ValueError(f"unknown cell {name!r}")
    return True
