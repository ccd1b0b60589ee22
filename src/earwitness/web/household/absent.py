"""What is not yours is not there: a refusal looks like a thing that does not exist."""

from collections.abc import Iterator
from contextlib import contextmanager

from earwitness.kernel.errors import AccessDenied, GrantInvalid, KeyDestroyed, NotFound


@contextmanager
def as_if_absent() -> Iterator[None]:
    """Turn a refusal into :class:`NotFound`, so that an id tells a stranger nothing.

    Raises:
        NotFound: it is not there, or not for this caller.
    """
    try:
        yield
    except (AccessDenied, GrantInvalid, KeyDestroyed) as error:
        raise NotFound("Nothing of yours is kept at this address.") from error
