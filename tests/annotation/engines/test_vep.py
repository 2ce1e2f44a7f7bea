"""VEP by vepyr: its words taken apart, its cache, its failures."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from soyang.annotation.consequence import consequence, consequences_of
from soyang.annotation.engines.contract import Engine, nothing
from soyang.annotation.engines.vep import Vep, parse
from soyang.annotation.engines.vep_cache import SCHEMAS, write_cache
from soyang.annotation.tables import CONSEQUENCES
from soyang.core.errors import FaultError
from soyang.core.tables import read_table
from tests.annotation.conftest import World, numbered
from tests.annotation.test_consequence import TERMS, MakeSites, mirrored

SITES = numbered([("chr20", 111, "A", "G")])


def csq(*entries: str) -> pl.DataFrame:
    return pl.DataFrame({"site": [0], "csq": [",".join(entries)]})


def test_words_are_taken_apart() -> None:
    found = parse(
        csq(
            "T|stop_gained&splice_region_variant|Transcript|ENST1|ENSP1.1:p.Trp7Ter",
            "T|synonymous_variant|Transcript|ENST2|ENSP2.1:p.Ala2%3D",
            "T|regulatory_region_variant|RegulatoryFeature|ENSR1|",
            "T|intergenic_variant|||",
        )
    )

    assert found.rows() == [
        (0, "ENST1", ["stop_gained", "splice_region_variant"], "p.Trp7Ter"),
        (0, "ENST2", ["synonymous_variant"], "p.Ala2="),
    ]
    empty = pl.DataFrame({"site": [0], "csq": [None]}, schema_overrides={"csq": pl.String})
    assert parse(empty).equals(nothing())


def test_an_unknown_term_is_an_error() -> None:
    with pytest.raises(FaultError, match="quantum_leap"):
        parse(csq("T|quantum_leap|Transcript|ENST1|"))


def test_the_cache_holds_the_transcripts(world: World, tmp_path: Path) -> None:
    write_cache(tmp_path, world.genome, world.known)

    for name, schema in SCHEMAS.items():
        listed = json.loads((tmp_path / name / "chrom_manifest.json").read_text())
        table = pq.read_table(tmp_path / name / "chr20.parquet")
        assert listed == [{"chrom": "chr20", "dataset": "chr20.parquet", "rows": len(table)}]
        assert table.schema.equals(schema)
    rows = pq.read_table(tmp_path / "transcript/chr20.parquet").to_pylist()
    assert [(r["stable_id"], r["strand"]) for r in rows] == [("ENST1", 1), ("ENST2", -1)]
    one, two = rows
    assert one["translateable_seq"] == two["translateable_seq"]
    assert one["peptide_seq"] == "MAAKPVWHDESR"
    assert (one["cds_start"], one["cds_end"]) == (111, 173)
    assert (one["cdna_coding_start"], one["cdna_coding_end"]) == (11, 49)
    exons = pq.read_table(tmp_path / "exon/chr20.parquet").to_pylist()
    exons.sort(key=lambda exon: (exon["transcript_id"], exon["exon_number"]))
    phases = [(e["exon_number"], e["phase"], e["end_phase"]) for e in exons]
    assert phases == [(1, -1, 2), (2, 2, -1)] * 2


def test_a_python_without_vepyr_is_told(world: World, tmp_path: Path) -> None:
    tool = Vep(tmp_path / "data", Path(sys.executable))
    with pytest.raises(FaultError, match=r"vepyr|setup_vep"):
        tool.predict(SITES, world.genome, world.known, threads=1)


def test_no_python_at_all_is_told(world: World, make_sites: MakeSites, tmp_path: Path) -> None:
    with pytest.raises(FaultError, match="--vep-python"):
        consequence(
            sites=make_sites([("chr20", 111, "A", "G")]),
            reference=world.fasta,
            transcripts=world.gff3,
            consequences=tmp_path / "out.parquet",
            engine=Engine.VEP,
            engine_data=tmp_path / "data",
        )


@pytest.fixture
def python(root: Path) -> Path:
    found = root / ".vep/bin/python"
    if not found.exists():
        pytest.skip("no .vep; scripts/setup_vep.sh makes it")
    return found


VEP_TERMS = TERMS | {
    (129, "G", "A"): "splice_donor_5th_base_variant&intron_variant",
    (137, "C", "T"): "splice_polypyrimidine_tract_variant&intron_variant",
}
"""VEP names parts of the intron's ends."""


@pytest.mark.slow
def test_terms_on_both_strands(world: World, python: Path, tmp_path: Path) -> None:
    tool = Vep(tmp_path / "자료 data", python)
    plus = [("chr20", *change) for change in VEP_TERMS]
    minus = [mirrored(world, *change) for change in VEP_TERMS]
    sites = numbered(sorted([*plus, *minus]))

    found = consequences_of(sites, world.genome, world.known, tool)

    assert consequences_of(sites, world.genome, world.known, tool).equals(found)
    columns = ("contig", "position", "ref", "alt", "consequence")
    told = {row[:4]: row[4] for row in found.select(columns).rows()}
    expected = [terms.split("&")[0] for terms in VEP_TERMS.values()]
    assert [told[row].split("&")[0] for row in plus] == expected
    assert [told[row].split("&")[0] for row in minus] == expected


@pytest.mark.slow
def test_the_verb_takes_it(
    world: World, python: Path, make_sites: MakeSites, tmp_path: Path
) -> None:
    out = tmp_path / "out.parquet"
    consequence(
        sites=make_sites([("chr20", 111, "A", "G"), ("chr20", 20, "C", "T")]),
        reference=world.fasta,
        transcripts=world.gff3,
        consequences=out,
        engine=Engine.VEP,
        engine_data=tmp_path / "data",
        vep_python=python,
    )
    rows = read_table(out, CONSEQUENCES).select("position", "consequence").rows()
    assert rows == [(20, "intergenic_variant"), (111, "start_lost")]
