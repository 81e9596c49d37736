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
    elif name == "lstm_coupled":
        cell.n_slots = 3
        cell.forward[0] = lstm_coupled_forward
        cell.backward[0] = lstm_coupled_backward
        cell.recurrent_first_slot = 0
        cell.recurrent_n_slots = 3
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
    elif name in ("rnn_tanh", "rnn_relu"):
        cell.n_slots = 1
        cell.blocks_per_panel[0] = 4
        cell.forward[0] = rnn_tanh_forward if name == "rnn_tanh" else rnn_relu_forward
        cell.backward[0] = rnn_tanh_backward if name == "rnn_tanh" else rnn_relu_backward
        cell.recurrent_first_slot = 0
        cell.recurrent_n_slots = 1
        cell.carries_hidden = False
    else:
        raise ValueError(f"unknown cell {name!r}")
    return True
