"""Distinguish a reply that declines from one that is only unreadable."""

import re

_ENGLISH = re.compile(  # "I cannot help with that", "I must decline", "I'm sorry"
    r"(?i)(?:\b(?:i|we|ai|assistant|model)\b[^.!?\n]{0,60}?|\A\W*|\b(?:sorry|but|apologi[sz]e),? )"
    r"(?:\b(?:can(?:'t|not| not)|won't|(?:will|would|should|must|do|am|are)(?: not|n't)|refuse"
    r"|unable|decline|choose not)\b|'m not)(?: \w{1,11}){0,4}? (?:answer|assist|provid|giv"
    r"|help(?! but)|compl|choos(?!\w* (?:between )?(?-i:[A-Z])\b(?!,))|mak|fulfil|respond|discuss"
    r"|engag|participat|continu|do (?:that|this)|creat|writ|generat|endors|repeat|promot|select an)"
    r"|\bi (?:must |have to )?(?:refuse|decline)\b|\bi'?(?: a)?m (?:sorry|not comfortable)"
    r"|not allow me|against my |\b(?:not (?:appropriate|right)|inappropriate) (?:for me )?to\b"
)
_OTHER_LANGUAGES = re.compile(  # Chinese, Spanish, French, German: "lo siento"
    r"(?is)(?:无法|無法|不能|不会|拒绝|没有?办法).{0,12}(?:回答|提供|帮|协助|協助|满足|完成|参与"
    r"|[选選](?!择? ?[A-Z]))|[帮幫]不[了上]|no puedo \w|lo siento|je suis désol|ne peux pas .{0,24}"
    r"(?:aider|répondre|choisir)|kann .{0,40}nicht (?:be)?(?:helf|antwort)"
)


def declines(text: str) -> bool:
    """Whether a plain reply without a readable letter says at its start that it will not answer."""
    return bool(_ENGLISH.search(text[:400]) or _OTHER_LANGUAGES.search(text[:400]))
