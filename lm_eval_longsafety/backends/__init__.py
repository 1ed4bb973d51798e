"""Make lm-eval's own backends fast for letter scoring over long prompts; optional."""
