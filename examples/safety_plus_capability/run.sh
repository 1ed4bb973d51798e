#!/usr/bin/env bash
# Safety and capability in one command, then one report on both.
# Usage: run.sh CONFIG [OUTPUT_FOLDER]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
config=$(realpath "${1:?usage: run.sh CONFIG [OUTPUT_FOLDER]}")
output=${2:-output}

mkdir -p "$output"
cd "$output"
# `longsafety run` adds the LongSafetyBench tasks itself; --include_path is free for others.
longsafety run --config "$config" --include_path "$here/tasks" --output_path results --log_samples
longsafety report results --output report.html
echo "$PWD/report.html"
