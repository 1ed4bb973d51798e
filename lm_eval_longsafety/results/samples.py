"""What one line of lm-eval's samples says about a document of this plugin's tasks.

Data flow: parsed line -> `is_sample`, `is_our_document` -> `sample_from` -> `Sample`. Prompts are
not kept, replies and questions only on request.
"""

import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from lm_eval_longsafety.benchmark import BY_SPLIT, parse_task_name
from lm_eval_longsafety.prompts.sent_text import holds_prompt, text_of
from lm_eval_longsafety.results.fields import as_int, as_text, number_in_text
from lm_eval_longsafety.results.records import SCORES as SCORES
from lm_eval_longsafety.results.records import Sample, SampleText

_MOST_TOKENS = 2**53
"""The largest integer up to which a float holds all exactly; no prompt has so many tokens."""


def is_sample(record: object) -> TypeGuard[dict[str, Any]]:
    """Whether a parsed line is a sample of lm-eval, of any task."""
    return (
        isinstance(record, dict)
        and "doc_id" in record
        and isinstance(record.get("resps"), list)
        and isinstance(record.get("doc"), dict)
    )


def is_our_document(doc: Mapping[str, Any]) -> bool:
    """Whether a sample's `doc` is one of this plugin's."""
    letters, choices = doc.get("letters"), doc.get("choices")
    if not (isinstance(letters, list) and isinstance(choices, list)):
        return False
    return len(letters) == len(choices) > 0 and str(doc.get("task")) in BY_SPLIT


def sample_from(record: Mapping[str, Any], *, hint: str, keep_text: bool) -> Sample | None:
    """A sample from one line; None where scores are missing or not in [0, 1].

    Args:
        record: the parsed line, with a document for which `is_our_document` holds.
        hint: task name in the file's name; used only if it belongs to the document's split.
        keep_text: keep question, choices and replies.
    """
    doc = record["doc"]
    found = {name: number_in_text(record.get(name)) for name in SCORES}
    scores = {name: value for name, value in found.items() if value is not None and 0 <= value <= 1}
    if len(scores) < len(found):
        return None
    letters = tuple(map(str, doc["letters"]))
    picks = _most_probable(record, letters)
    listed = record.get("metrics")
    names = map(str, listed) if isinstance(listed, list) else ()
    extra = {name: number_in_text(record.get(name)) for name in names if name not in SCORES}
    parsed = parse_task_name(hint)
    base = BY_SPLIT[doc["task"]]
    return Sample(
        task=hint if parsed and parsed.benchmark is base else base.name + "_logits" * bool(picks),
        split=base.split,
        id=str(doc.get("id", record.get("doc_id", ""))),
        picks=picks or _filtered(record, letters),
        letters=letters,
        **scores,
        prompt_tokens=as_int(doc.get("prompt_tokens"), least=0, most=_MOST_TOKENS),
        depth=number_in_text(doc.get("depth")),
        length=number_in_text(doc.get("length")),
        filler=as_text(doc.get("filler")),
        context_sha256=str(doc.get("context_sha256") or ""),
        prompt_hash=str(doc.get("prompt_sha256") or record.get("prompt_hash") or ""),
        extra={name: value for name, value in extra.items() if value is not None},
        prompt_missing=lacks_prompt(record),
        text=_text(record) if keep_text else None,
    )


def _first_replies(record: Mapping[str, Any]) -> list[object]:
    """What the model gave for each request: a text, or `[log-probability, is_greedy]`."""
    return [entry[0] if isinstance(entry, list) and entry else None for entry in record["resps"]]


def _most_probable(record: Mapping[str, Any], letters: Sequence[str]) -> tuple[str, ...]:
    """The most probable letter for each order of the choices; empty where texts were generated.

    The log-probabilities of one order follow each other, in the order of the letters. Of equal
    ones the first counts; `""` where one is NaN.
    """
    pairs = [pair for pair in _first_replies(record) if isinstance(pair, list) and pair]
    try:
        values = [float(pair[0]) for pair in pairs]
    except (TypeError, ValueError):
        return ()
    n = len(letters)
    if len(values) != len(record["resps"]) or len(values) % n:
        return ()
    orders = [values[start : start + n] for start in range(0, len(values), n)]
    return tuple(
        "" if any(map(math.isnan, order)) else sorted(letters)[order.index(max(order))]
        for order in orders
    )


def _filtered(record: Mapping[str, Any], letters: Sequence[str]) -> tuple[str, ...]:
    """The letter that the filter read from each reply; `""` where it read none."""
    filtered = record.get("filtered_resps")
    requests = filtered if isinstance(filtered, list) else []
    # Each request has a letter, or a list with one letter.
    flat = [pick for each in requests for pick in (each if isinstance(each, list) else [each])]
    return tuple(pick if pick in letters else "" for pick in flat) or ("",)


def _text(record: Mapping[str, Any]) -> SampleText:
    doc = record["doc"]
    # The same texts stand in the files of every model and variant; in memory they stand once.
    return SampleText(
        question=sys.intern(str(doc.get("question", ""))),
        choices=tuple(sys.intern(str(choice)) for choice in doc["choices"]),
        replies=tuple(reply for reply in _first_replies(record) if isinstance(reply, str)),
    )


def lacks_prompt(record: Mapping[str, Any]) -> bool:
    """Whether a request of a sample line lacks its document's prompt; then the score means nothing.

    A chat template may leave the message out, and requests may come from the cache of another run.
    False also where the line has no requests or no prompt, so that nothing can be compared.
    """
    prompts = _prompts(record["doc"])
    contexts = list(_contexts(record.get("arguments")))
    if len(contexts) < len(prompts):
        return bool(contexts)
    # The requests of one order of the choices follow each other and share lm-eval's context: only
    # the first of each order is checked, which keeps reading fast.
    each = len(contexts) // max(len(prompts), 1)
    return any(
        not holds_prompt(text_of(contexts[each * order]), prompt)
        for order, prompt in enumerate(prompts)
    )


def _prompts(doc: Mapping[str, Any]) -> list[str]:
    """The document's prompt under each order of the choices; empty where it was not logged."""
    prompt, tails = doc.get("prompt"), doc.get("option_tails")
    if not isinstance(prompt, str) or not prompt.strip():
        return []
    ends = [str(tail) for tail in tails] if isinstance(tails, list) and tails else [""]
    return [prompt.removesuffix(ends[0]) + end for end in ends]


def _contexts(arguments: object) -> Iterator[object]:
    """First argument of each request: lists of them, or since 0.4.3 `gen_args_0: {arg_0: ...}`."""
    requests = arguments.values() if isinstance(arguments, dict) else arguments
    for request in requests if isinstance(requests, Iterable) else ():
        given = list(request.values()) if isinstance(request, dict) else request
        if isinstance(given, list):
            yield from given[:1]
