"""The lm-eval class of a task, which checks the prompts before they are sent.

lm-eval builds the requests of each task (`build_all_requests`), then answers those of all tasks.
Between the two come the checks of `sent` and `left_cut`, the only ones that have the prompts as the
loaded model gets them, whatever command, backend and options the run has.
"""

import contextlib
import sys
from typing import Any

from lm_eval.api.model import LM, CachingLM
from lm_eval.api.task import ConfigurableTask

from lm_eval_longsafety import settings
from lm_eval_longsafety.backends.long_prompts import LongPrompts
from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.harness import sent_prompts
from lm_eval_longsafety.harness.left_cut import refuse_left_cut
from lm_eval_longsafety.harness.quiet import quiet
from lm_eval_longsafety.prompts.tokenizer import load_tokenizer

_KINDS = {}
"""lm-eval 0.5 has a class for each kind of request, 0.4 one for all."""
with contextlib.suppress(ImportError):
    from lm_eval.api.task import GenerateTask, MultipleChoiceTask

    _KINDS = {"generate_until": GenerateTask, "multiple_choice": MultipleChoiceTask}


class LongSafetyTask(ConfigurableTask):  # type: ignore[misc]  # lm-eval is untyped
    """One task of the benchmark, whatever its protocol and variant."""

    _thought = ""
    """The tag of the thought that the prompts open, to be put before each reply; may be empty."""

    def __new__(cls, config: dict[str, Any]) -> "LongSafetyTask":
        """Combine the class with the one that lm-eval 0.5 has for the kind of requests."""
        kind = _KINDS.get(config["output_type"])
        made: type = cls if kind is None else type(cls.__name__, (cls, kind), {})
        return super().__new__(made)  # type: ignore[no-any-return]

    def __init__(self, config: dict[str, Any]) -> None:
        """Build the task as lm-eval builds one from YAML."""
        super().__init__(config={key: config[key] for key in config if key != "class"})

    def download(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 (lm-eval's)
        """Load the documents without lm-eval's warning that `--metadata` exists, one per task."""
        with quiet("lm_eval.api.task"):
            super().download(*args, **options)

    def build_all_requests(self, **options: Any) -> Any:  # noqa: ANN401 (lm-eval's)
        """Build the requests and check them.

        lm-eval's cache of requests is not used: its key holds neither options nor data, so that it
        would answer with the prompts of another run.

        Raises:
            OptionError: scores would be wrong.
        """
        if options.get("cache_requests"):
            sent_prompts.warn_once(
                "--cache_requests: prompts of LongSafetyBench are built again nevertheless"
            )
        built = super().build_all_requests(**{**options, "cache_requests": False})
        self._check(_running_model(), applied=bool(options.get("apply_chat_template")))
        return built

    def _check(self, lm: Any, *, applied: bool) -> None:  # noqa: ANN401 (lm-eval's)
        first = self.instances[0]
        sent_prompts.refuse_lost_prompts(self.instances)
        unused = sent_prompts.warn_of_unused_template(self._tokenizer(lm), applied=applied)
        self.config.metadata["provenance"]["template_unused"] = unused
        generates = first.request_type == "generate_until"
        thought = sent_prompts.warn_of_thought(first.args[0], first.doc["prompt"])
        self._thought = _left_to_the_reading(thought, lm) if thought and generates else ""
        if lm is not None:
            refuse_left_cut(self.instances, lm)
            if not generates and isinstance(lm, LongPrompts):
                lm.refuse_same_letters(self.instances)
            elif not generates:
                sent_prompts.refuse_joined_letters(self.instances, lm)

    def _tokenizer(self, lm: Any) -> Any:  # noqa: ANN401 (lm-eval's)
        """The tokenizer of the loaded model, else the one that model arguments and options name."""
        # Not `getattr`, with which lm-eval's `dummy` would download one from the hub.
        if (loaded := lm and vars(lm).get("tokenizer")) is not None:
            return loaded
        named = load_tokenizer(settings.parse(self.config.metadata).model)
        return named and named.loaded

    def apply_filters(self) -> Any:  # noqa: ANN401 (lm-eval's)
        """Put the tag of the thought that the prompt opened before each reply, then filter."""
        if self._thought:
            for instance in self.instances:
                instance.resps[:] = [f"{self._thought}{reply}" for reply in instance.resps]
        return super().apply_filters()


def _left_to_the_reading(thought: str, lm: Any) -> str:  # noqa: ANN401 (lm-eval's)
    """The tag to put before each reply; none where the backend removes thoughts.

    Raises:
        OptionError: a removed thought could not be distinguished from one that never ended.
    """
    if getattr(lm, "think_end_token", None) is None:
        return thought
    if isinstance(lm, LongPrompts):
        return ""  # Thoughts that never end are emptied there.
    raise OptionError(
        f"the chat template opens a thought ({thought.strip()}), and with think_end_token "
        f"{type(lm).__name__} passes a thought that never ends as an answer; use --model "
        "longsafety-hf or longsafety-vllm, or leave think_end_token out: thoughts are removed when "
        "replies are read"
    )


def _running_model() -> Any:  # noqa: ANN401 (lm-eval is untyped)
    """The model that will answer, from the nearest caller that has one; None if none has.

    lm-eval hands a task the model's chat template at most, and nothing without
    `--apply_chat_template`.
    """
    frame = sys._getframe()
    while frame := frame.f_back:  # type: ignore[assignment]
        for value in list(frame.f_locals.values()):
            if isinstance(value, LM | CachingLM):
                return value.lm if isinstance(value, CachingLM) else value
    return None
