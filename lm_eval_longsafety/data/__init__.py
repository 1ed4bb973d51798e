"""Where rows come from (hub, folder, embedded sample) and the checks that each must pass."""
