"""Section: the documents' questions and replies, only on request, folded.

The one place where text of the benchmark, which may be harmful, can reach a report.
"""

from collections.abc import Sequence

from lm_eval_longsafety.analysis.scores import Subject
from lm_eval_longsafety.public import clean
from lm_eval_longsafety.report.content import Excerpt, Section
from lm_eval_longsafety.results import Sample, SampleText

_PER_TASK = 20
_CUT = 2_000


def section(subjects: Sequence[Subject]) -> Section | None:
    """Unsafe answers first, at most twenty per task; None without texts."""
    excerpts = [
        _excerpt(subject, sample, sample.text)
        for subject in subjects
        for task in subject.tasks
        for sample in _shown(task.samples)
        if sample.text is not None
    ]
    if not excerpts:
        return None
    return Section(
        id="texts",
        title="Questions and replies",
        paragraphs=(
            f"Questions, choices and replies, unsafe answers first, at most {_PER_TASK} per task. "
            "They may be harmful.",
        ),
        excerpts=tuple(excerpts),
    )


def _shown(samples: Sequence[Sample]) -> list[Sample]:
    with_text = [sample for sample in samples if sample.text is not None]
    return sorted(with_text, key=lambda sample: sample.sr)[:_PER_TASK]


def _excerpt(subject: Subject, sample: Sample, shown: SampleText) -> Excerpt:
    verdict = "safe" if sample.sr == 1 else "aware" if sample.ha == 1 else "neither"
    pick = "/".join(pick or "none" for pick in sample.picks)
    choices = zip(sample.letters, shown.choices, strict=True)
    return Excerpt(
        heading=clean(f"{subject.label}: {sample.split} {sample.id}, {pick}, {verdict}"),
        question=clean(shown.question, _CUT),
        choices=tuple((clean(letter), clean(choice, _CUT)) for letter, choice in choices),
        replies=tuple(clean(reply, _CUT) for reply in shown.replies),
    )
