#!/usr/bin/env bash
# LongSafetyBench on a chat model behind an OpenAI-compatible address, then the report.
# Usage: run.sh BASE_URL MODEL [TOKENIZER] [OUTPUT_FOLDER]
#   BASE_URL   ends in /v1, such as https://api.openai.com/v1
#   TOKENIZER  hub id or folder; prompts are measured and cut with it. "-" measures nothing: then
#              WINDOW must hold every prompt (about 60,000 tokens), or the service refuses some.
# OPENAI_API_KEY is read from the environment. Settings, with their defaults:
#   WINDOW=131072    tokens that the service takes; lm-eval's own default of 2,048 would cut nearly all
#   CONCURRENCY=8    requests at a time
#   RETRIES=5        per request
#   TIMEOUT=600      seconds for one request; long prompts take their time
set -euo pipefail
base_url=${1:?usage: run.sh BASE_URL MODEL [TOKENIZER] [OUTPUT_FOLDER]}
model=${2:?usage: run.sh BASE_URL MODEL [TOKENIZER] [OUTPUT_FOLDER]}
tokenizer=${3:--}
output=${4:-output}

metadata='{}'
if [ "$tokenizer" != - ]; then
  metadata=$(python -c 'import json, sys; print(json.dumps({"tokenizer": sys.argv[1]}))' "$tokenizer")
fi
mkdir -p "$output"
# The response cache lets a run that was stopped go on; one HTTP 400 ends an API run of lm-eval.
longsafety run --model local-chat-completions --tasks longsafety --apply_chat_template \
  --model_args "model=$model,base_url=$base_url/chat/completions,max_length=${WINDOW:-131072},num_concurrent=${CONCURRENCY:-8},max_retries=${RETRIES:-5},timeout=${TIMEOUT:-600}" \
  --metadata "$metadata" --use_cache "$output/responses" --output_path "$output/results" --log_samples
longsafety report "$output/results" --output "$output/report.html"
