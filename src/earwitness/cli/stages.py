"""One progress bar for work of several stages, as backup and restore tell of them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from earwitness.backup.progress import Progress
from earwitness.cli.output import Advance, progress


@contextmanager
def stages(*, quiet: bool) -> Iterator[Progress]:
    """Show a bar a stage, each in the place of the one before."""
    with ExitStack() as stack:
        shown: dict[str, Advance] = {}

        def step(stage: str, done: int, total: int) -> None:
            if stage not in shown:
                stack.close()
                shown.clear()
                shown[stage] = stack.enter_context(progress(stage, total or None, quiet=quiet))
            shown[stage](done, total or None)

        yield step
