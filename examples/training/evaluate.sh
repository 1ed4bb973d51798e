#!/usr/bin/env bash
# Evaluates one model as a config says, under further model arguments; does nothing where that is done.
# The recipes in the folders beside this file call it.
# Usage: evaluate.sh CONFIG RESULTS_FOLDER MODEL_ARGS [OPTION_OF_LONGSAFETY_RUN...]
set -euo pipefail
usage='usage: evaluate.sh CONFIG RESULTS_FOLDER MODEL_ARGS [OPTION...]'
config=${1:?$usage} results=${2:?$usage} arguments=${3:?$usage}
shift 3

if compgen -G "$results/*/results_*.json" > /dev/null; then
  echo "$results: done before"
  exit
fi
# The config's own model arguments, as --model_args would replace them.
more=$(python -c 'import sys, yaml
arguments = yaml.safe_load(open(sys.argv[1], encoding="utf-8")).get("model_args") or {}
print("".join(f",{name}={value}" for name, value in arguments.items()))' "$config")
mkdir -p "$(dirname "$results")" caches
# A run that was stopped goes on where it was.
longsafety run --config "$config" --model_args "$arguments$more" --output_path "$results" \
  --log_samples --use_cache "caches/$(basename "$results")" "$@"
