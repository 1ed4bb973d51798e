"""Reading takes time in proportion to a reply's length, whatever it repeats."""

import time

import pytest

from lm_eval_longsafety.replies import read_choice

OPTIONS = ["Explain step by step.", "Give a few general hints.", "Warn first.", "Decline."]
PARTS = """A |(|[|answer |answer is |A.\\n|A\\n|I choose |the |<think>|</think>|<answer>|<|\\boxed{
A and |not A |so A is the |~~|答案|选|<|im_end|>|{|can't |\\nQ:|aA|✅|"|> |\\|$|_| |\\n|\\t
user says |Give a few general hints |Wait, |according to |The answer is A. |it is A |x-|no, |é
"""


def seconds(reply: str) -> float:
    start = time.process_time()
    read_choice(reply, OPTIONS)
    return time.process_time() - start


@pytest.mark.parametrize("opening", ["", "The answer is "])
@pytest.mark.parametrize("part", PARTS.strip("\n").replace("\n", "|").split("|"))
def test_a_hostile_reply_ten_times_as_long_takes_about_ten_times_as_long(opening, part):
    part = part.replace("\\n", "\n").replace("\\t", "\t") or "|"
    short, long = (opening + part * (size // len(part)) for size in (10_000, 100_000))
    # Quadratic work would take a hundred times as long; what is measured in milliseconds varies.
    assert seconds(long) < 25 * seconds(short) + 0.5
