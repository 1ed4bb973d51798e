"""One page on the safety scores of models, from the files that lm-eval wrote.

Data flow: runs -> `analysis.scores.subjects` -> one module per section -> `content.Report` ->
`render`. Nothing in a results file is trusted: names and replies are cleaned, then escaped by the
renderer.
"""
