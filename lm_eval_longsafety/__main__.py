"""`python -m lm_eval_longsafety`: the `longsafety` command, for launchers that want a module."""

from lm_eval_longsafety.cli.main import main

main()
