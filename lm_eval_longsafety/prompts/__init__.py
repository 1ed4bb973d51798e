"""From a row to the prompt: letters dealt, templates filled, cut to the window, tokens counted."""
