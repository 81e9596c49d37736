"""What `diagnose` looks for, one kind of symptom a file.

findings.py   what was seen, where, what to do; the report of all of it
inputs.py     channels on different scales     training.py   curves of the loss
units.py      dead units, saturated gates      gradients.py  vanishing, exploding
"""
