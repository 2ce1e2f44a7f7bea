"""CNVkit on the same depths: its own bias correction, segmentation and calls.

Methods that need no R: ``haar``, ``hmm-germline`` and ``hmm``. A genome has a flat reference with
GC, as ``cnvkit.py batch --method wgs`` without normals; targets have a pooled reference of the
same normals.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from cnvlib import call as cnv_call
from cnvlib import fix, reference, segmentation
from cnvlib.cnary import CopyNumArray

from bench.copy_number_score import DIPLOID, Call

METHODS = ("haar", "hmm", "hmm-germline")
_NO_READS = -20.0


def coverage(bins: pl.DataFrame, name: str) -> Any:
    """CNVkit's coverage of a sample, from columns contig, start, end, gc and depth."""
    depth = bins["depth"].to_numpy()
    logs = np.where(depth > 0, np.log2(np.maximum(depth, 1e-6)), _NO_READS)
    columns = {
        "chromosome": bins["contig"].to_list(),
        "start": bins["start"].to_numpy(),
        "end": bins["end"].to_numpy(),
        "gene": ["-"] * len(bins),
        "log2": logs,
        "depth": depth,
    }
    return CopyNumArray.from_columns(columns, {"sample_id": name})


def flat_reference(bins: pl.DataFrame) -> Any:
    """A reference of even depth that knows GC."""
    flat = coverage(bins.with_columns(pl.lit(1.0).alias("depth")), "reference")
    flat["gc"] = bins["gc"].to_numpy()
    flat["rmask"] = 0.0
    flat["spread"] = 0.0
    return flat


def pooled_reference(normals: Sequence[pl.DataFrame], folder: Path) -> Any:
    """A reference of normals."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, normal in enumerate(normals):
        path = folder / f"normal{number}.targetcoverage.cnn"
        coverage(normal, path.stem).data.to_csv(path, sep="\t", index=False)
        paths.append(str(path))
    pooled = reference.do_reference(
        paths, do_gc=False, do_edge=False, do_rmask=False, female_samples=True
    )
    pooled["gc"] = normals[0]["gc"].to_numpy()
    return pooled


def run_cnvkit(bins: pl.DataFrame, normal: Any, method: str) -> list[Call]:
    """Losses and gains that CNVkit tells."""
    raw = coverage(bins, "sample")
    nothing = CopyNumArray(raw.data.iloc[:0].copy(), {"sample_id": "sample"})
    ratios = fix.do_fix(raw, nothing, normal, do_gc=True, do_edge=False, do_rmask=False)
    segments = segmentation.do_segmentation(ratios, method)
    called = cnv_call.do_call(segments, method="threshold", is_sample_female=True)
    return [
        Call(contig=row.chromosome, start=int(row.start), end=int(row.end), copies=int(row.cn))
        for row in called.data.itertuples()
        if row.cn != DIPLOID
    ]
