"""Whether prompts and replies fitted into the backend's window.

If not, lm-eval cut the prompts from the left, beginning with the chat header, and our count of
truncated prompts does not include them.
"""

from lm_eval_longsafety.benchmark import parse_task_name
from lm_eval_longsafety.results.fields import as_int
from lm_eval_longsafety.results.records import Run
from lm_eval_longsafety.settings import REPLY_TOKENS, RESERVED_TOKENS

_API_MARGIN = 1
"""API backends report a window that is one token smaller than the given one."""


def cut_from_the_left(run: Run) -> str | None:
    """What was too long for the backend, as the end of a sentence; None if everything fitted.

    None also if the results have no window of the backend or no length of any prompt.
    """
    held = as_int(run.summary.get("max_length"))
    # The backends of this plugin refuse such prompts.
    if held is None or (run.backend or "").startswith("longsafety-"):
        return None
    needed = {name: _needed(run, name) for name in run.tasks if parse_task_name(name)}
    short = [name for name, tokens in needed.items() if tokens > held + _API_MARGIN]
    if not short:
        return None
    return (
        f"prompts, chat template and replies of {', '.join(short[:3])}"
        f"{f' and {len(short) - 3} more tasks' if short[3:] else ''} may need "
        f"{max(needed.values()):,} tokens, but the backend held {held:,}, and lm-eval cuts "
        "such prompts from the left without counting them"
    )


def _needed(run: Run, name: str) -> int:
    """Tokens of a task's longest prompt with its chat template and reply; 0 if unknown.

    Where the lengths of some prompts were not logged, the longest is as long as was allowed.
    """
    task = run.tasks.get(name)
    if task is None or task.provenance is None:
        return 0
    counts = [sample.prompt_tokens for sample in run.samples.get(name, ())]
    known = [count for count in counts if count is not None]
    complete = len(known) == len(counts) == task.n_effective
    longest = max(known, default=0) if complete else 0
    longest = longest or task.provenance.prompt_limit or 0
    beyond = max(0, (task.reply_tokens or 0) - REPLY_TOKENS)
    return longest and longest + RESERVED_TOKENS + beyond
