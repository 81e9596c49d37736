"""What examples get as arguments when the gallery runs them: ``--save FOLDER``.

So their files lie in ``docs/gallery/saved``, where the tests of the examples find them:
with ``SKLSTM_DOCS`` set, nothing is computed a second time.
"""

from pathlib import Path


def arguments(gallery_conf, script_vars):
    """Return the arguments of one example."""
    name = Path(script_vars["src_file"]).stem
    folder = Path(gallery_conf["src_dir"], "gallery", "saved", name)
    folder.mkdir(parents=True, exist_ok=True)
    return ["--save", str(folder)]
