"""Intervals, 0-based and half-open as in BED."""

from __future__ import annotations

from soyang.core.span import Interval, merge, read_bed

__all__ = ["Interval", "merge", "read_bed"]
