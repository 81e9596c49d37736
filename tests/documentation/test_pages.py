"""The code on the pages runs, one block after the other, and prints what they say."""

import os
import subprocess
import sys

import pytest

from .assumed import ASSUMED
from .pages import DOCS, python_blocks, sources

