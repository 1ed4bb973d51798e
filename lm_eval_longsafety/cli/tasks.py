"""`longsafety tasks`: what `--tasks` can name, one line each."""

import sys
from collections.abc import Iterator

_SCENARIOS = {
    "fully_harmful": "harmful context",
    "partially_harmful": "partly harmful context",
    "query_harmful": "harmful question",
}
_HARMS = {
    "illegal_activities": "illegal activities",
    "misinformation": "misinformation",
    "offensiveness": "offensiveness and bias",
}
_DOMAINS = {
    "in_domain": "in the LongSafety training set too",
    "out_of_domain": "not in that training set",
}
_METRICS = "sr, ha, answered, refused, truncated"
_ENDINGS = (
    ("_logits", "the most probable letter in place of a written reply", ""),
    ("_rotations", "each document under every rotation of its letters", "consistent, sr_all"),
    ("_no_context", "the questions without their contexts", ""),
    ("_open", "replies in the model's own words, without choices", "empty, cut, reply_tokens"),
    ("_judge", "verdicts of a model on logged open replies", "unjudged, judge_consistent, unread"),
)
"""What a name may end in, what it then measures, metrics that it adds."""
_WIDTH = 120
"""Columns where the output is no terminal."""


def tasks() -> None:
    """List the tasks, groups and tags that --tasks takes, and what they measure."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    named = Table(box=None, pad_edge=False)
    rows = list(_names())
    # Names are copied, so they are never cut.
    named.add_column("name", no_wrap=True, min_width=max(len(name) for name, *_ in rows))
    for title in ("tasks", "documents"):
        named.add_column(title, justify="right")
    named.add_column("measures")
    for row in rows:
        named.add_row(*row)
    endings = Table("ending", "measures", "more metrics", box=None, pad_edge=False)
    for ending in _ENDINGS:
        endings.add_row(*ending)
    console.print(named)
    console.print(f"\nMetrics: {_METRICS}. Names of tasks and groups, not tags, may end in:\n")
    console.print(endings)
    console.print(
        "\nOf these, _logits comes last: longsafety_rotations_logits; _open has none. Of longer "
        "contexts there are only\nlongsafety_length and longsafety_length_logits; --metadata names "
        "their lengths. longsafety_ask has no score:\na model writes what the items of a recipe "
        "lack, for `longsafety build`."
    )


def _names() -> Iterator[tuple[str, str, str, str]]:
    """Name, number of tasks and documents, and what is measured: of groups, tags and tasks."""
    from lm_eval_longsafety.benchmark import BY_SPLIT, PREFIX, TASKS, splits_of

    tags = {name: f"{text} (tag)" for name, text in {**_HARMS, **_DOMAINS}.items()}
    below = {f"{PREFIX}_{name}": text for name, text in {**_SCENARIOS, **tags}.items()}
    for name, text in {PREFIX: "all ten tasks", **below}.items():
        splits = splits_of(name)
        documents = sum(BY_SPLIT[split].rows for split in splits)
        yield name, str(len(splits)), f"{documents:,}", text
    for task in TASKS:
        yield task.name, "1", str(task.rows), f"{_HARMS[task.harm]}, {_SCENARIOS[task.scenario]}"
