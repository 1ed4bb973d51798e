"""What fine-tuning changed: tuned minus base, on the same documents under the same protocol.

Data flow: pairs (base, tuned) -> `Tuning`: scores paired by document, by groups of documents (in
and out of the training set's tasks, inside and beyond the training length), and for both models
whether they score as well without the document.

Which tasks are in-domain stands in `benchmark.py`. Of the eight tasks of the training set
(LongSafety-17k) five are the benchmark's: PoliticallyIncorrect, MedicalQuiz, HarmfulNIAH,
CountingCrimes and ManyShotJailbreak; KeywordRAG, LawQA and SafeMT Long are not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from lm_eval_longsafety.analysis.by_length import document_pairs, embedded, unpaired
from lm_eval_longsafety.analysis.comparison import check_same_data
from lm_eval_longsafety.analysis.document_use import DocumentUse, document_use
from lm_eval_longsafety.analysis.effects import Effect, paired_effects
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.paired import Difference, holm, paired_mean
from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.analysis.tuned_pairs import Pair
from lm_eval_longsafety.benchmark import BY_SPLIT
from lm_eval_longsafety.errors import ResultsError
from lm_eval_longsafety.results import Sample

_Kinds = Mapping[str, Callable[[Sample], bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The change of SR on some of the documents."""

    title: str
    difference: Difference
    """Tuned minus base, mean over the tasks."""
    p: float
    """With Holm's correction over the groups of its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Groups of one kind."""

    groups: tuple[Group, ...]
    contrast: tuple[float, float, float] | None = None
    """(value, low, high): the first group's change minus the second's, which has other documents;
    None unless there are these two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """A base and a tuned model."""

    base: Model
    effect: Effect
    """Tuned minus base; its model is the tuned one, p is corrected over the pairs."""
    domains: Groups
    """In-domain and out-of-domain tasks."""
    prompts: Groups
    """Prompts up to the training length, and longer ones; empty if it is not given."""
    lengths: Mapping[int, Group]
    """By the length of `longsafety_length` in tokens; empty where it was not run."""
    trained_at: int | None
    """The training length, in tokens; None if it is not given."""
    with_document: tuple[DocumentUse | None, DocumentUse | None]
    """Of base and tuned; None without a run of `no_context`."""

    @property
    def tuned(self) -> Model:
        """The tuned model; its label names the base too if it has several."""
        return self.effect.model


def tunings(pairs: Sequence[Pair], trained_at: int | None) -> tuple[list[Tuning], list[str]]:
    """What fine-tuning changed in each pair, and notes on what cannot be shown."""
    bases: dict[int, Model] = {}
    given: list[tuple[Model, Subject, Subject]] = []
    notes: list[str] = []
    for base, tuned in pairs:
        if sum(tuned is other for _, other in pairs) > 1:
            tuned = replace(tuned, label=f"{tuned.label} from {base.label}")
        if both := _both(base, tuned):
            bases[id(tuned)] = base
            given.append((tuned, *both))
        else:
            notes.append(
                f"{tuned.label} and {base.label} have no samples under the same protocol, so what "
                "fine-tuning changed cannot be shown."
            )
    effects, remarks = paired_effects(given)
    notes += remarks
    found = [_tuning(bases[id(effect.model)], effect, trained_at, notes) for effect in effects]
    return found, notes


def _both(base: Model, tuned: Model) -> tuple[Subject, Subject] | None:
    """Both models' scores under one protocol, the tuned model's own if possible."""
    for protocol in dict.fromkeys((tuned.protocol, "generate", "logits")):
        first, second = base.find("", protocol), tuned.find("", protocol)
        if first and second and first.samples and second.samples:
            return first, second
    return None


def _tuning(base: Model, effect: Effect, trained_at: int | None, notes: list[str]) -> Tuning:
    pair = effect.comparison
    domains = {
        "In-domain tasks": lambda sample: BY_SPLIT[sample.split].in_domain,
        "Out-of-domain tasks": lambda sample: not BY_SPLIT[sample.split].in_domain,
    }
    return Tuning(
        base=base,
        effect=effect,
        domains=_groups(pair.first, pair.second, domains),
        prompts=_groups(pair.first, pair.second, _inside_and_beyond(pair.second, trained_at)),
        lengths=_lengths(base, effect.model, notes),
        trained_at=trained_at,
        with_document=(document_use(base), document_use(effect.model)),
    )


def _inside_and_beyond(tuned: Subject, trained_at: int | None) -> _Kinds:
    """Whether the tuned model's prompt of a document is longer than its training rows were."""
    if trained_at is None:
        return {}
    tokens = {(s.split, s.id): s.prompt_tokens for s in tuned.samples if s.prompt_tokens}
    beyond = {key for key, number in tokens.items() if number > trained_at}
    inside = tokens.keys() - beyond
    return {
        f"Prompts of more than {trained_at:,} tokens": lambda s: (s.split, s.id) in beyond,
        f"Prompts of up to {trained_at:,} tokens": lambda s: (s.split, s.id) in inside,
    }


def _groups(first: Subject, second: Subject, kinds: _Kinds) -> Groups:
    """The change on the documents of each kind that has any."""
    changes: dict[str, Difference] = {}
    for title, chosen in kinds.items():
        if pairs := document_pairs(filter(chosen, first.samples), filter(chosen, second.samples)):
            changes[title] = paired_mean(pairs)
    contrast = None
    if len(changes) == 2:
        one, other = changes.values()
        if ends := unpaired(other, one):
            contrast = (one.value - other.value, *ends)
    return Groups(groups=_corrected(changes), contrast=contrast)


def _corrected(changes: Mapping[str, Difference]) -> tuple[Group, ...]:
    p_values = holm([change.p for change in changes.values()])
    return tuple(
        Group(title=title, difference=change, p=p)
        for (title, change), p in zip(changes.items(), p_values, strict=True)
    )


def _lengths(base: Model, tuned: Model, notes: list[str]) -> dict[int, Group]:
    """The change at each length of `longsafety_length`, documents with their mean over depths."""
    samples: dict[int, tuple[list[Sample], list[Sample]]] = {}
    for (depth, length), second in embedded(tuned).items():
        first = base.find(second.variant, second.protocol)
        if first is None:
            notes.append(
                f"{base.label}: not run at {length:,.0f} tokens and depth {depth:g}, so there is "
                f"no change of {tuned.label} there."
            )
            continue
        try:
            check_same_data(first, second)
        except ResultsError as error:
            notes.append(f"{tuned.label}: no difference can be shown: {error}.")
            continue
        ours, theirs = samples.setdefault(round(length), ([], []))
        ours += first.samples
        theirs += second.samples
    pairs = {length: document_pairs(*both) for length, both in sorted(samples.items())}
    changes = {f"{length:,} tokens": paired_mean(own) for length, own in pairs.items() if own}
    lengths = [length for length, own in pairs.items() if own]
    return dict(zip(lengths, _corrected(changes), strict=True))
