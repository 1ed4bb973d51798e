#!/usr/bin/env bash
# One array job over the models of a list, each with a vLLM server on a node of its own, then one
# report on all of them. Usage: submit.sh MODELS_FILE OUTPUT_FOLDER (a folder that all nodes see)
# Options of the cluster (account, partition) go into SBATCH_ACCOUNT, SBATCH_PARTITION.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
models=$(realpath "${1:?usage: submit.sh MODELS_FILE OUTPUT_FOLDER}")
mkdir -p "${2:?usage: submit.sh MODELS_FILE OUTPUT_FOLDER}"
output=$(realpath "$2")

# Lines that are empty or begin with # name no model.
grep -vE '^[[:space:]]*(#|$)' "$models" > "$output/models.txt" || { echo "no model in $models" >&2; exit 2; }
count=$(wc -l < "$output/models.txt")
array=$(sbatch --parsable --array="0-$((count - 1))" --output="$output/%a.log" "$here/model.sbatch" "$here" "$output")
# After any end: models that failed are missing from the report, the others are there.
sbatch --parsable --dependency="afterany:${array%%;*}" --output="$output/report.log" "$here/report.sbatch" "$output"
