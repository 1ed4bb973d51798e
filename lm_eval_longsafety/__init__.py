"""LongSafetyBench for lm-evaluation-harness: tasks, fast backends, reports and submissions.

Data flow: data -> options -> prompts -> window -> lm-eval -> answers -> metrics -> results, and
from there to report, compare and submit.
"""
