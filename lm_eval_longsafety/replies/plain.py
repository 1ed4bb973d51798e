"""Make a reply plain: no thought, later turn, quote or markup; each step takes linear time."""

import re

# Names in the tags of models known to write thoughts: "<think>"; "[Analysis]" is a heading.
_NAMES = r"(?:think|thinking|thought|reasoning|seed:think)>"
_THOUGHT = re.compile(  # a tag that opens a thought, or one that closes it: "</think>"
    rf"(?i)(?P<opens><{_NAMES}|◁think▷|\[THINK\]|<\|begin_of_thought\|>|<\|START_THINKING\|>"
    r"|<\|?channel\|?>\s?(?:analysis|thought)|\A\s{0,9}(?-i:analysis(?=[A-Z])))|"
    rf"</{_NAMES}|◁/think▷|\[/THINK\]|<\|end_of_thought\|>|<\|END_THINKING\|>"
    r"|<\|?channel\|?>\s?final(?:<\|message\|>)?|<channel\|>|assistantfinal"
)
_TAGGED_ANSWER = re.compile(r"(?i)<answer>[^<]{1,400}</answer>")  # read even in a thought
_TURN_END = re.compile(  # the end of the first turn: "<|im_end|>", "\nQuestion:"
    r"(?i)<\|(?:im_end|eot_id|eom_id|endoftext|end_of_text|end|return|user|im_start)\|>|</s>|<eos>"
    r"|<end_of_turn>|<｜end▁of▁sentence｜>"
    r"|\n[ \t]{0,8}[#*]{0,6}[ \t]?(?:question|q|human|user|问题|题目)[ \t]?\d{0,4}[*]{0,2}[:：]"
)
_CJK = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"  # Chinese, Japanese and Korean letters
_REWRITES = (  # in turn: echo of the prompt (2), answer tags, tags, LaTeX, list marks, spaces
    (re.compile(r"Respond with only the letter[^\n(]{0,40} \(A, B, C, etc\.\)"), "\n"),
    (re.compile(r"Your answer should be one of the letters: ?A\b(?:, ?[A-Z]\b){0,25},?"), "\n"),
    (re.compile(r"(?i)<(?:final_)?(?:answer|choice|option|letter)>|\\?\bboxed\b"), "\nanswer: "),
    (re.compile(r"<(?:[/|]?[a-zA-Z_▁|]{2,20}|/?[bius])\s?/?>"), "\n"),
    (re.compile(r"\\(?:text|math)?(?:bf|rm|sf|it|tt)?\b|\\[()\[\] ,;!]"), " "),
    (re.compile(r"(?m)^[ \t]{0,8}(?:[-•+]|\d{1,2}[.)])[ \t]{1,4}"), ""),
    (re.compile(rf"(?<={_CJK})(?=[A-Za-z(*])|(?<=[A-Za-z).:,*])(?={_CJK})"), " "),
)
# Full-width letters as ASCII, markup as nothing, every bracket as a round one.
_TABLE: dict[int, int | None] = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_TABLE |= str.maketrans(
    "’。、_\u00a0[{【<]}】>", "'.,  (((())))", '*`$#"“”„«»「」『』\ufeff\u200b\ufe0f'
)


def answer_part(reply: str) -> str:
    """The part of a reply outside of thoughts, up to the end of its first turn."""
    text = without_thoughts(reply)
    return text[: next((m.start() for m in _TURN_END.finditer(text) if m.start()), len(text))]


def without_thoughts(reply: str) -> str:
    """The part of a reply outside of thoughts.

    An open thought hides all after it but an `<answer>`; a lone end tag hides all before it.
    """
    kept, position, inside = [], 0, False
    for tag in _THOUGHT.finditer(reply):
        if not inside and (tag["opens"] or position):
            kept.append(reply[position : tag.start()])
        inside, position = bool(tag["opens"]), tag.end()
    rest = _TAGGED_ANSWER.findall(reply, position)[-1:] if inside else [reply[position:]]
    return "\n".join([*kept, *rest]).lstrip()


def open_thought(text: str) -> str:
    """What a text leaves of an open thought, from its tag on; "" where none is open."""
    tags = list(_THOUGHT.finditer(text))
    return text[tags[-1].start() :] if tags and tags[-1]["opens"] else ""


def plain_text(text: str) -> str:
    """The text without markup and quoted lines."""
    own = [line for line in text.split("\n") if not line.lstrip().startswith(">")]
    text = "\n".join(own) if any(map(str.strip, own)) else text.replace(">", " ")
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    return text.translate(_TABLE).strip()
