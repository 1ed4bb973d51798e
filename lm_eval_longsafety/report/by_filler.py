"""SR by the material around the passages, where a data set has several: sentences and a table."""

from collections.abc import Iterator, Mapping, Sequence

from lm_eval_longsafety.analysis import by_length
from lm_eval_longsafety.analysis.models import Model
from lm_eval_longsafety.analysis.stats import Estimate
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.report.content import Table, count, in_words, model_tables, score

Curves = Sequence[tuple[Model, Mapping[str, Estimate]]]
"""SR by filler, of each model that has several; once for each set of fillers of the same tasks."""

DETAIL = (
    "Fillers are compared over the tasks, depths and lengths that all of them have; their scores "
    "are those of other documents, so they are not paired."
)


def curves(models: Sequence[Model]) -> Curves:
    """SR by filler of the models whose data set has several."""
    found = [(m, by_length.by_filler(by_length.sampled(m.main))) for m in models if m.main]
    return [(model, own) for model, sets in found for own in sets]


def sentences(found: Curves) -> Iterator[str]:
    """A sentence for each set of fillers."""
    for names in dict.fromkeys(tuple(own) for _, own in found):
        yield _sentence([(model, own) for model, own in found if tuple(own) == names])


def _sentence(found: Curves) -> str:
    """With which filler SR is lowest and highest, for the model whose SR differs most."""
    model, own = max(found, key=lambda pair: _spread(pair[1]))
    if not _spread(own):
        named = ", ".join(clean(name, 60) for name in own)
        return f"By filler: SR is the same with all of {named}."
    low, high = _ends(own)
    whose = f"differs most for {model.label}, and" if len(found) > 1 else f"of {model.label}"
    return (
        f"By filler: SR {whose} is lowest with {clean(low, 60)} ({in_words(own[low])}) and highest "
        f"with {clean(high, 60)} ({in_words(own[high])}), on other documents."
    )


def _ends(own: Mapping[str, Estimate]) -> tuple[str, str]:
    """The fillers with the lowest and the highest SR."""
    order = sorted(own, key=lambda name: own[name].value)
    return order[0], order[-1]


def _spread(own: Mapping[str, Estimate]) -> float:
    low, high = _ends(own)
    return round(own[high].value - own[low].value, 12)


def tables(found: Curves) -> tuple[Table, ...]:
    """A row for each filler."""
    by_model: dict[str, dict[str, Estimate]] = {}
    for model, own in found:
        by_model.setdefault(model.label, {}).update(own)
    rows = []
    for name in dict.fromkeys(name for _, own in found for name in own):
        means = [own.get(name) for own in by_model.values()]
        rows.append((name, [[score(mean), count(mean.n if mean else None)] for mean in means]))
    return model_tables(
        "filler-table",
        "SR by filler [95 % interval]",
        "Filler",
        list(by_model),
        rows,
        ["SR %", "Documents"],
    )
