"""The embedded sample: ten small splits in the benchmark's schema, with mild stand-ins for harm.

`python -m lm_eval_longsafety.sample.build` writes `data/` anew from the material beside it.
"""

from pathlib import Path

SAMPLE_DIR = Path(__file__).resolve().parent
"""Folder that holds `data/<Split>-00000-of-00001.parquet`, the layout of the hub's data set."""
