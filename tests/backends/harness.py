"""Run our tasks over the embedded sample, in this process, and read what came out."""

from lm_eval_longsafety.harness.discovery import tasks_path


def evaluate(lm, model, tasks, *, limit=None, use_cache=None, metadata=None, chat=True, **more):
    """lm-eval's results over the sample, with samples, for a backend that is already loaded."""
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    known = {"pretrained": str(model), "data": "sample"} | (metadata or {})
    manager = TaskManager(include_path=str(tasks_path()), include_defaults=False, metadata=known)
    return simple_evaluate(
        model=lm,
        tasks=list(tasks),
        task_manager=manager,
        limit=limit,
        use_cache=use_cache and str(use_cache),
        apply_chat_template=chat,
        bootstrap_iters=0,
        log_samples=True,
        **more,
    )


def replies(results):
    """{(task, document): what was answered}, as lm-eval logged it."""
    return {
        (task, sample["doc"]["id"]): sample["resps"]
        for task, samples in results["samples"].items()
        for sample in samples
    }


def letters(results):
    """{(task, document): the letter chosen or read}; "" is no answer."""
    return {key: _letter(resps) for key, resps in replies(results).items()}


def chosen(results):
    """{(task, document): index of the chosen option}, by metric, for tasks of either protocol."""
    return {
        (task, sample["doc"]["id"]): (sample["sr"], sample["ha"], sample["answered"])
        for task, samples in results["samples"].items()
        for sample in samples
    }


def _letter(resps):
    if isinstance(resps[0][0], str):
        return resps[0][0].strip()[:1]
    logprobs = [float(each[0][0]) for each in resps]
    return "ABCDEFGH"[logprobs.index(max(logprobs))]
