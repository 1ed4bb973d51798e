#!/usr/bin/env bash
# The same recipe on any machine: a tiny random model, sample data, two small tasks of our own.
# No network, no GPU, about a minute. Usage: cpu.sh [OUTPUT_FOLDER]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
output=${1:-output}

python - "$output/model" <<'PYTHON'
import sys
from pathlib import Path

from lm_eval_longsafety.tiny_model import build_model

build_model(Path(sys.argv[1]))
PYTHON
exec "$here/run.sh" "$here/cpu.yaml" "$output"
