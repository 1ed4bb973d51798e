"""The embedded sample: ten small splits in the benchmark's schema, with mild stand-ins for harm.

`examples/sample/build.py` makes the files in `data/`.
"""

from pathlib import Path

SAMPLE_DIR = Path(__file__).resolve().parent
"""Folder that holds `data/<Split>-00000-of-00001.parquet`, the layout of the hub's data set."""
