"""Turn a finished run into files that leaderboards take, and propose them to the hub.

Data flow: runs -> `records.gather` -> `checks.problems` -> `eval_results`, `model_index`,
`every_eval_ever` (pure: submission -> text) -> `files.write_all` -> `push.open_pull_request`.
"""
