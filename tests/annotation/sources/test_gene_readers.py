"""Readers of gene facts, on rows in each source's format and on the real files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest
import yaml

from soyang.annotation.release.manifest import Kind
from soyang.annotation.sources import (
    acmg_sf,
    clingen_dosage,
    clingen_validity,
    constraint,
    hgnc,
    mane,
)
from soyang.core.errors import FaultError

Read = Callable[..., tuple[pl.DataFrame, Counter[str], dict[str, Counter[str]]]]


@pytest.fixture
def read(entry: Callable[..., Any]) -> Read:
    def given(module: ModuleType, path: Path) -> Any:
        left_out: Counter[str] = Counter()
        vocabularies: dict[str, Counter[str]] = {}
        kind = Kind(module.__name__.rsplit(".", 1)[1])
        frame = module.read(entry(kind), path, left_out=left_out, vocabularies=vocabularies)
        return frame, left_out, vocabularies

    return given


CONSTRAINT_2 = (
    "gene\ttranscript\tobs_lof\texp_lof\toe_lof\toe_lof_lower\toe_lof_upper\tpLI\tpRec\tmis_z\t"
    "lof_z\tconstraint_flag\n"
    "MED13\tENST00000397786\t0.0\t98.429\t0.0\t0.0\t0.03\t1.0\t1.8383e-16\t2.6232\t9.1935\t\n"
    "GENE2\tENST00000000002.7\tNA\tNA\tNA\tNA\tNA\tNA\tNA\t-1.5\tNA\tno_exp_lof|mis_too_many\n"
)
CONSTRAINT_4 = (
    "gene\tgene_id\ttranscript\tcanonical\tmane_select\tlof.exp\tlof.pLI\tlof.oe_ci.upper\t"
    "mis.z_score\tconstraint_flags\n"
    "A1BG\tENSG00000121410\tENST00000263100\ttrue\ttrue\t43.048\t0\t1.34\t-0.86092\t[]\n"
    "A1BG\t1\tNM_130786.4\tfalse\ttrue\t43.048\t0\t1.34\t-0.86092\t[]\n"
    "A1BG\tENSG00000121410\tENST00000600966\ttrue\tfalse\tNA\tNA\tNA\t-4.1\t"
    '["outlier_mis","no_exp_lof"]\n'
    "NA\tENSG00000999999\tENST00000000009\tfalse\tfalse\t1\t0\t1\t0\t[]\n"
)


def test_constraint_2(put: Any, read: Read) -> None:
    frame, left_out, vocabularies = read(constraint, put(CONSTRAINT_2, "c.txt.gz"))
    columns = ("gene", "transcript", "pli", "loeuf", "mis_z", "constraint_flag", "rank")
    assert frame.select(columns).rows() == [
        ("MED13", "ENST00000397786", 1.0, 0.03, 2.6232, None, 2),
        ("GENE2", "ENST00000000002", None, None, -1.5, "no_exp_lof|mis_too_many", 2),
    ]
    assert vocabularies == {"constraint_flag": {"no_exp_lof": 1, "mis_too_many": 1}}
    assert not left_out


def test_constraint_4(put: Any, read: Read) -> None:
    frame, left_out, vocabularies = read(constraint, put(CONSTRAINT_4))
    columns = ("gene", "ensembl_gene_id", "transcript", "pli", "loeuf", "constraint_flag", "rank")
    assert frame.select(columns).rows() == [
        ("A1BG", "ENSG00000121410", "ENST00000263100", 0, 1.34, None, 0),
        ("A1BG", None, "NM_130786", 0, 1.34, None, 0),
        ("A1BG", "ENSG00000121410", "ENST00000600966", None, None, "outlier_mis|no_exp_lof", 1),
    ]
    assert vocabularies["constraint_flag"] == {"outlier_mis": 1, "no_exp_lof": 1}
    assert left_out == {"row without a gene": 1}


def test_renamed_columns_of_constraint_are_named(put: Any, read: Read) -> None:
    with pytest.raises(FaultError, match=r"no column oe_lof_upper; there are gene, transcript"):
        read(constraint, put(CONSTRAINT_2.replace("oe_lof_upper", "loeuf_new")))


VALIDITY = (
    '"CLINGEN GENE DISEASE VALIDITY CURATIONS","","","","","","","","",""\n'
    '"FILE CREATED: 2026-03-01","","","","","","","","",""\n'
    '"+++++","+++++","+++++","+++++","+++++","+++++","+++++","+++++","+++++","+++++"\n'
    '"GENE SYMBOL","GENE ID (HGNC)","DISEASE LABEL","DISEASE ID (MONDO)","MOI","SOP",'
    '"CLASSIFICATION","ONLINE REPORT","CLASSIFICATION DATE","GCEP"\n'
    '"+++++","+++++","+++++","+++++","+++++","+++++","+++++","+++++","+++++","+++++"\n'
    '"PKD1","HGNC:9008","polycystic kidney disease, 1","MONDO:0008839","AD","SOP8","Definitive",'
    '"https://example.org/1","2023-01-15T16:00:00.000Z","A panel"\n'
)


def test_validity_as_clingen_hands_it_out(put: Any, read: Read) -> None:
    frame, _, vocabularies = read(clingen_validity, put(VALIDITY))
    assert frame.rows() == [
        ("PKD1", "HGNC:9008", "polycystic kidney disease, 1", "MONDO:0008839", "Definitive", "AD")
    ]
    assert vocabularies == {"classification": {"Definitive": 1}, "inheritance": {"AD": 1}}


def test_validity_as_a_table(put: Any, read: Read) -> None:
    head = "gene_name\thgnc_id\tdisease_label\tmondo_disease_id\tclassification\n"
    frame, _, vocabularies = read(clingen_validity, put(head + "A\tHGNC:1\tx\tMONDO:1\tNew word\n"))
    assert frame["inheritance"].to_list() == [None]
    assert vocabularies["classification"] == {"New word": 1}


DOSAGE = (
    "#ClinGen Gene Curation Results\n#06 Feb,2026\n"
    "#Gene Symbol\tGene ID\tcytoBand\tGenomic Location\tHaploinsufficiency Score\t"
    "Haploinsufficiency Description\tTriplosensitivity Score\tDate Last Evaluated\n"
    "A4GALT\t53947\t22q13.2\tchr22:42692121-42721301\t30\tGene associated\t0\t2014-12-11\n"
    "AARS2\t57505\t6p21.1\tchr6:44298731-44313347\t3\tSufficient\tNot yet evaluated\t2025-06-27\n"
)


def test_dosage(put: Any, read: Read) -> None:
    frame, _, vocabularies = read(clingen_dosage, put(DOSAGE.replace("\n", "\r\n")))
    assert frame.rows() == [
        ("A4GALT", "53947", "chr22:42692121-42721301", 30, 0),
        ("AARS2", "57505", "chr6:44298731-44313347", 3, None),
    ]
    assert vocabularies == {
        "haploinsufficiency_score": {"30": 1, "3": 1},
        "triplosensitivity_score": {"0": 1, "Not yet evaluated": 1},
    }


def test_a_new_score_of_dosage_is_counted_under_its_name(put: Any, read: Read) -> None:
    _, _, vocabularies = read(clingen_dosage, put(DOSAGE.replace("\t30\t", "\tunder review\t")))
    assert "under review" in vocabularies["haploinsufficiency_score"]


def test_acmg(put: Any, read: Read) -> None:
    text = (
        "Gene\tGene MIM\tDisease/Phentyope\tDisorder MIM\tPhenotype Category\tInheritance\t"
        "SF List Version\tVariants to report\n"
        "HFE\t613609\tHereditary hemochromatosis\t235200\tOther\tAR\t3\tp.C282Y homozygotes only\n"
    )
    frame, _, vocabularies = read(acmg_sf, put(text))
    assert frame.rows() == [
        ("HFE", "Hereditary hemochromatosis", "AR", "3", "p.C282Y homozygotes only")
    ]
    assert vocabularies["variants_to_report"] == {"p.C282Y homozygotes only": 1}
    assert vocabularies["inheritance"] == {"AR": 1}


def test_hgnc(put: Any, read: Read) -> None:
    text = (
        "hgnc_id\tsymbol\tname\tlocus_group\tstatus\talias_symbol\tprev_symbol\tentrez_id\t"
        "ensembl_gene_id\n"
        'HGNC:20\tAARS1\tits name\tx\tApproved\t"CMT2N|X"\tAARS\t16\tENSG00000090861\n'
        "HGNC:21\tGONE\tgone\tx\tEntry Withdrawn\t\t\t\t\n"
    )
    frame, left_out, vocabularies = read(hgnc, put(text))
    assert frame.rows() == [("AARS1", "HGNC:20", "CMT2N|X", "AARS", "16", "ENSG00000090861")]
    assert left_out == {"withdrawn": 1}
    assert vocabularies == {"status": {"Approved": 1, "Entry Withdrawn": 1}}


SUMMARY = (
    "#NCBI_GeneID\tEnsembl_Gene\tHGNC_ID\tsymbol\tname\tRefSeq_nuc\tRefSeq_prot\tEnsembl_nuc\t"
    "Ensembl_prot\tMANE_status\tGRCh38_chr\tchr_start\tchr_end\tchr_strand\n"
    "GeneID:4000\tENSG00000160789.26\tHGNC:6636\tLMNA\tlamin\tNM_170707.4\tNP_1\t"
    "ENST00000368300.9\tENSP1\tMANE Select\tNC_000001.11\t1\t2\t+\n"
)
GFF = (
    "##gff-version 3\n"
    "chr1\tMANE\tgene\t1\t9\t.\t+\t.\tID=gene:ENSG00000160789;Name=LMNA\n"
    "chr1\tMANE\tmRNA\t1\t9\t.\t+\t.\tID=transcript:ENST00000368300;Parent=gene:ENSG00000160789;"
    "Name=LMNA;transcript_id=ENST00000368300;version=9;refseq=NM_170707.4;tag=MANE_Select\n"
    "chr1\tMANE\texon\t1\t9\t.\t+\t.\tParent=transcript:ENST00000368300\n"
)


def test_mane_from_summary_and_gff(put: Any, read: Read) -> None:
    one, _, words = read(mane, put(SUMMARY, "MANE.summary.txt.gz"))
    two, _, others = read(mane, put(GFF, "MANE.gff3.gz"))
    assert words == others == {"MANE_status": {"MANE Select": 1}}
    assert one.rows() == [
        ("LMNA", "HGNC:6636", "4000", "ENSG00000160789", "NM_170707.4", "ENST00000368300.9",
         "MANE Select")
    ]  # fmt: skip
    unknown = pl.lit(None, pl.String)
    assert two.equals(one.with_columns(hgnc_id=unknown, entrez_id=unknown))


def test_a_gff_without_tags_is_told(put: Any, read: Read) -> None:
    with pytest.raises(FaultError, match="tag MANE_Select or MANE_Plus_Clinical"):
        read(mane, put(GFF.replace("tag=MANE_Select", "tag=basic")))


@pytest.mark.parametrize(
    "module", [constraint, clingen_validity, clingen_dosage, acmg_sf, hgnc, mane]
)
def test_empty_and_truncated_files_are_told(put: Any, read: Read, module: ModuleType) -> None:
    with pytest.raises(FaultError, match="no column"):
        read(module, put(""))
    path = put(CONSTRAINT_2 * 9, "cut.txt.gz")
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(FaultError, match="truncated"):
        read(module, path)


REAL = {
    constraint: ("gene_facts/gnomad_v2.1.1_constraint.tsv.gz", 19_704),
    clingen_validity: ("gene_facts/clingen_validity_2025-01.tsv.gz", 3_193),
    clingen_dosage: ("gene_facts/clingen_dosage_2026-02-06_GRCh38.tsv.gz", 1_624),
    acmg_sf: ("gene_facts/acmg_sf_v3.3.tsv", 100),
    mane: ("mane/MANE.GRCh38.gff3.gz", 19_316),
}


@pytest.mark.shared
@pytest.mark.parametrize("module", REAL, ids=lambda module: module.__name__.rsplit(".", 1)[1])
def test_real_files_are_read_whole_with_known_words(
    shared_data: Path, root: Path, read: Read, module: ModuleType
) -> None:
    name, rows = REAL[module]
    frame, left_out, vocabularies = read(module, shared_data / name)
    assert (frame.height, left_out.total()) == (rows, 0)
    kind = module.__name__.rsplit(".", 1)[1]
    known = yaml.safe_load((root / "resources/knowledge/vocabularies.yaml").read_text())[kind]
    assert vocabularies
    for field, values in vocabularies.items():
        assert set(values) <= set(known[field]), field
    assert set(vocabularies) == set(known)
