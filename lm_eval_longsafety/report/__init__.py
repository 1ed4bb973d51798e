"""One page on how safe models stayed, from what lm-eval wrote.

Data flow: runs -> `subjects.of` (who is scored) -> one module per section -> `content.Report` ->
`render`. Nothing of a results file is trusted: names and replies are cleaned, then escaped by the
renderer.
"""
