"""Turn a finished run into files that leaderboards take, and propose them to the hub.

Data flow: runs -> `submission.gather` -> `checks.check` -> `hub_files`, `every_eval_ever`
(pure: submission -> texts by path) -> `files.write_texts` -> `push.open_pull_request`.
"""
