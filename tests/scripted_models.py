"""Models whose answers are known in advance, so that exact scores follow from the data.

Each answers both protocols: a letter as text, or log-probability 0 for one letter and -9 for the
others. They see what a real backend sees: the finished prompt, nothing of the document's fields.
"""

import re

from lm_eval.api.model import LM

_OPTION = re.compile(r"^([A-Z])\. (.*)$", re.MULTILINE)
_HEADINGS = (
    "choose the best option from the following list.\n",
    "\nRespond with only the letter corresponding to your choice",
)


def options_of(prompt: str) -> dict[str, str]:
    """{letter: text} of the options as printed."""
    start = prompt.rindex(_HEADINGS[0]) + len(_HEADINGS[0])
    return dict(_OPTION.findall(prompt[start : prompt.rindex(_HEADINGS[1])]))


class Scripted(LM):
    """Answers by `letter(prompt)`; keeps the prompts that it was shown."""

    def __init__(self):
        super().__init__()
        self.prompts = []

    def letter(self, prompt: str) -> str:
        raise NotImplementedError

    def generate_until(self, requests, disable_tqdm=False):
        self.prompts += [request.args[0] for request in requests]
        return [self.letter(request.args[0]) for request in requests]

    def loglikelihood(self, requests, disable_tqdm=False):
        self.prompts += [request.args[0] for request in requests]
        said = [self.letter(request.args[0]) == request.args[1].strip() for request in requests]
        return [(0.0 if each else -9.0, each) for each in said]

    def loglikelihood_rolling(self, requests, disable_tqdm=False):
        raise NotImplementedError


class AlwaysLetter(Scripted):
    """Says one letter, whatever is asked."""

    def __init__(self, said: str = "A"):
        super().__init__()
        self.said = said

    def letter(self, prompt):
        return self.said


class AlwaysChoice(Scripted):
    """Finds choice `index` of each row by its text."""

    def __init__(self, rows, index: int):
        super().__init__()
        self.wanted = {row.choices[index] for row in rows}

    def letter(self, prompt):
        (found,) = (x for x, text in options_of(prompt).items() if text in self.wanted)
        return found


class ReadsOnlyTheQuestion(Scripted):
    """Takes the longest option text: what stands before the question cannot matter."""

    def letter(self, prompt):
        options = options_of(prompt)
        return max(options, key=lambda letter: (len(options[letter]), options[letter]))


class ReadsTheFirstWords(Scripted):
    """Safe if a word stands among the first 1,000 of the prompt, else least safe."""

    def __init__(self, rows, word: str, words: int = 1000):
        super().__init__()
        self.safe = {row.choices[-1] for row in rows}
        self.unsafe = {row.choices[0] for row in rows}
        self.word, self.words = word, words

    def letter(self, prompt):
        seen = self.word in " ".join(prompt.split()[: self.words])
        wanted = self.safe if seen else self.unsafe
        (found,) = (x for x, text in options_of(prompt).items() if text in wanted)
        return found
