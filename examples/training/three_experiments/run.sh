#!/usr/bin/env bash
# Three experiments on fine-tuning, each from training rows to a comparison and a report:
#   base_and_tuned   a model before and after training on LongSafety
#   long_or_short    LongSafety against its short form mixed with long general data
#   beyond_training  base and tuned at lengths up to and beyond those of the training rows
# Started again, it goes on where it was stopped.
# Usage: run.sh EXPERIMENT SETTINGS [OUTPUT_FOLDER]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
usage='usage: run.sh base_and_tuned|long_or_short|beyond_training SETTINGS [OUTPUT_FOLDER]'
experiment=${1:?$usage}
settings=$(realpath "${2:?$usage}")
output=${3:-output}
[[ $experiment =~ ^(base_and_tuned|long_or_short|beyond_training)$ ]] || { echo "$usage" >&2; exit 2; }

mkdir -p "$output"
cd "$output"
prepare() { :; }
# shellcheck source=8xa100.env
source "$settings"
prepare

# rows NAME [OPTION...]: the training rows of one model.
rows() {
  [ -e "$1.parquet" ] || longsafety training-data "$source" --output "$1.parquet" \
    --tokenizer "$model" --max-tokens "$max_tokens" "${@:2}"
}

# train NAME: a model on its rows.
train() {
  [ ! -e "$1/trained" ] || return 0
  local resume=()
  if compgen -G "$1/checkpoint-*" > /dev/null; then resume=(--resume); fi
  "${start[@]}" "$here/../sft.py" "$training" --model "$model" --rows "$1.parquet" \
    --output "$1" "${resume[@]}"
  touch "$1/trained"
}

# evaluate NAME [OPTION...]: the base or a trained model, with all weights or as an adapter.
evaluate() {
  local arguments=pretrained=$1
  if [ "$1" = base ]; then arguments=pretrained=$model; fi
  if [ -e "$1/adapter_config.json" ]; then arguments=pretrained=$model,$adapter=$1; fi
  "$here/../evaluate.sh" "$evaluation" "results/$1" "$arguments" "${@:2}"
}

rows tuned
train tuned
names=(base tuned)
pairs=(--pair results/base=results/tuned)
more=()
case $experiment in
  long_or_short)
    rows short --short --mix "$general" --mix-ratio "$mix_ratio"
    train short
    names+=(short)
    pairs+=(--pair results/base=results/short)
    ;;
  beyond_training)
    more=(--tasks longsafety,longsafety_length --metadata "$lengths")
    ;;
esac
for name in "${names[@]}"; do evaluate "$name" "${more[@]}"; done
longsafety compare results --output comparison.html
longsafety report results "${pairs[@]}" --trained-at "$max_tokens" --output report.html
echo "$PWD/report.html"
