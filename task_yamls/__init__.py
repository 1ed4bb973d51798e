"""Task files that lm-eval reads; a package so that every kind of install can find the folder."""
