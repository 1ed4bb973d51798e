"""lm-eval's task classes by output type: 0.5 has one for each, 0.4 one for all."""

from lm_eval.api.task import ConfigurableTask

try:
    from lm_eval.api.task import GenerateTask, MultipleChoiceTask
except ImportError:  # lm-eval 0.4; remove when it is no longer supported.
    GenerateTask = MultipleChoiceTask = ConfigurableTask

BY_OUTPUT_TYPE = {"generate_until": GenerateTask, "multiple_choice": MultipleChoiceTask}

__all__ = ["BY_OUTPUT_TYPE", "ConfigurableTask", "GenerateTask", "MultipleChoiceTask"]
