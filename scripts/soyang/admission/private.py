"""Tables that only their owner may read."""

from soyang.core.private import write_private

__all__ = ["write_private"]
