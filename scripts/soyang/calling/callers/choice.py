"""The callers by their names in settings."""

from __future__ import annotations

from collections.abc import Sequence

from soyang.calling.callers.bcftools import Bcftools
from soyang.calling.callers.deepvariant import DeepVariant
from soyang.calling.callers.freebayes import Freebayes
from soyang.calling.callers.gatk import Gatk
from soyang.calling.callers.protocol import Caller


def chosen(names: Sequence[str], *, deepvariant: Sequence[str] = ()) -> list[Caller]:
    """The callers of these names, in their order.

    Args:
        names: bcftools, freebayes, gatk, deepvariant.
        deepvariant: words that start DeepVariant; none: ``run_deepvariant``.

    Raises:
        ValueError: no name, an unknown one, or one twice.
    """
    known: dict[str, Caller] = {
        caller.name: caller
        for caller in (Bcftools(), Freebayes(), Gatk(), DeepVariant(deepvariant))
    }
    if not names or len(set(names)) < len(names) or set(names) - set(known):
        raise ValueError(f"callers {', '.join(names) or '(none)'}: some of {', '.join(known)}")
    return [known[name] for name in names]
