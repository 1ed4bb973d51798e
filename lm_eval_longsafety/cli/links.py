"""`longsafety link`, `unlink`, `status` and `tasks-path`: let lm-eval find the tasks."""

import typer


def link() -> None:
    """Let this lm-eval find the tasks: write stubs into its task tree (reversible)."""
    from lm_eval_longsafety.harness import discovery

    left_over = discovery.status().left_over
    state = discovery.link()
    if state.reads_entry_points:
        typer.echo(f"lm-eval {state.lm_eval_version} finds the tasks by itself; no link is needed")
        if left_over:
            typer.echo(f"removed {left_over} left-over links")
    else:
        typer.echo(f"linked {state.linked} task files into {state.folder}")


def unlink() -> None:
    """Undo `link`: remove the stubs from lm-eval's task tree."""
    from lm_eval_longsafety.harness import discovery

    removed = discovery.unlink()
    typer.echo(f"removed {removed} links" if removed else "nothing was linked")


def status() -> None:
    """Show whether lm-eval finds the tasks (exit code 1 if not) and can load them (2 if not)."""
    from lm_eval_longsafety.harness import discovery

    state = discovery.status()
    typer.echo(f"lm-eval {state.lm_eval_version}")
    typer.echo(f"  reads entry points: {'yes' if state.reads_entry_points else 'no'}")
    counts = f"{state.linked} good, {state.stale} stale, {state.missing} missing"
    typer.echo(f"  links: {counts} in {state.folder}")
    if state.left_over:
        typer.echo(
            f"  {state.left_over} links are left over from an older lm-eval: this one needs none "
            "and warns about each; remove them with `longsafety unlink`"
        )
    if not state.found:
        typer.echo("lm_eval does not find the tasks; run `longsafety link`")
        raise typer.Exit(1)
    discovery.try_tasks()
    typer.echo("lm_eval --tasks longsafety works")


def tasks_path() -> None:
    """Print the folder of the task files, for `lm_eval --include_path`."""
    from lm_eval_longsafety.harness import discovery

    typer.echo(discovery.tasks_path())
