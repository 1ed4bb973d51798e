#!/usr/bin/env bash
# Evaluates pairs of a base and its fine-tuned version, then one report beside the published scores.
# Started again, it goes on where it was stopped.
# Usage: run.sh CONFIG [OUTPUT_FOLDER]; PAIRS names another list than pairs.txt.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
config=$(realpath "${1:?usage: run.sh CONFIG [OUTPUT_FOLDER]}")
output=${2:-output}
pairs=$(realpath "${PAIRS:-$here/pairs.txt}")

mkdir -p "$output"
cd "$output"
options=()
while read -r base tuned arguments <&3; do
  for model in "$base" "$tuned"; do
    "$here/../evaluate.sh" "$config" "results/${model##*/}" "pretrained=$model${arguments:+,$arguments}"
  done
  options+=(--pair "$base=$tuned")
done 3< <(grep -vE '^[[:space:]]*(#|$)' "$pairs")
longsafety report results "${options[@]}" --output report.html
echo "$PWD/report.html"
