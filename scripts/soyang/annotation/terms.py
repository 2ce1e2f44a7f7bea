"""Sequence Ontology terms of consequences, their order of severity and their impact.

Order and impact: Ensembl VEP, "Calculated consequences" (release 110 and later).
Short names: ``bcftools csq`` 1.16, ``csq_strings``.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from soyang.core.errors import Fault, FaultError

INTERGENIC = "intergenic_variant"
UNCLEAR = "sequence_variant"
"""The parent of all terms: the site touches a transcript, and nothing more can be said."""

IMPACT_OF = {
    "transcript_ablation": "HIGH",
    "splice_acceptor_variant": "HIGH",
    "splice_donor_variant": "HIGH",
    "stop_gained": "HIGH",
    "frameshift_variant": "HIGH",
    "stop_lost": "HIGH",
    "start_lost": "HIGH",
    "transcript_amplification": "HIGH",
    "feature_elongation": "HIGH",
    "feature_truncation": "HIGH",
    "inframe_insertion": "MODERATE",
    "inframe_deletion": "MODERATE",
    "missense_variant": "MODERATE",
    "protein_altering_variant": "MODERATE",
    "splice_donor_5th_base_variant": "LOW",
    "splice_region_variant": "LOW",
    "splice_donor_region_variant": "LOW",
    "splice_polypyrimidine_tract_variant": "LOW",
    "incomplete_terminal_codon_variant": "LOW",
    "start_retained_variant": "LOW",
    "stop_retained_variant": "LOW",
    "synonymous_variant": "LOW",
    "coding_sequence_variant": "MODIFIER",
    "5_prime_UTR_variant": "MODIFIER",
    "3_prime_UTR_variant": "MODIFIER",
    "non_coding_transcript_exon_variant": "MODIFIER",
    "intron_variant": "MODIFIER",
    "NMD_transcript_variant": "MODIFIER",
    "non_coding_transcript_variant": "MODIFIER",
    "coding_transcript_variant": "MODIFIER",
    INTERGENIC: "MODIFIER",
    UNCLEAR: "MODIFIER",
}
"""SO term to impact, worst first."""

SO_OF_CSQ = {
    "splice_acceptor": "splice_acceptor_variant",
    "splice_donor": "splice_donor_variant",
    "stop_gained": "stop_gained",
    "frameshift": "frameshift_variant",
    "stop_lost": "stop_lost",
    "start_lost": "start_lost",
    "feature_elongation": "feature_elongation",
    "inframe_insertion": "inframe_insertion",
    "inframe_deletion": "inframe_deletion",
    "inframe_altering": "protein_altering_variant",
    "missense": "missense_variant",
    "splice_region": "splice_region_variant",
    "start_retained": "start_retained_variant",
    "stop_retained": "stop_retained_variant",
    "synonymous": "synonymous_variant",
    "coding_sequence": "coding_sequence_variant",
    "5_prime_utr": "5_prime_UTR_variant",
    "3_prime_utr": "3_prime_UTR_variant",
    "intron": "intron_variant",
    "non_coding": "non_coding_transcript_variant",
    "intergenic": INTERGENIC,
}
"""Name that ``bcftools csq`` prints to SO term."""

SO_OF_SNPEFF = {
    **{term: term for term in IMPACT_OF},
    "exon_loss_variant": "feature_truncation",
    "rare_amino_acid_variant": "missense_variant",
    "conservative_inframe_insertion": "inframe_insertion",
    "disruptive_inframe_insertion": "inframe_insertion",
    "conservative_inframe_deletion": "inframe_deletion",
    "disruptive_inframe_deletion": "inframe_deletion",
    "5_prime_UTR_truncation": "5_prime_UTR_variant",
    "3_prime_UTR_truncation": "3_prime_UTR_variant",
    "5_prime_UTR_premature_start_codon_gain_variant": "5_prime_UTR_variant",
    "initiator_codon_variant": "start_retained_variant",
    "splice_branch_variant": "splice_region_variant",
    "intragenic_variant": UNCLEAR,
    "gene_fusion": UNCLEAR,
    "bidirectional_gene_fusion": UNCLEAR,
    "gene_variant": UNCLEAR,
    "transcript_variant": UNCLEAR,
    "exon_region": UNCLEAR,
    "exon_variant": UNCLEAR,
    "duplication": "transcript_amplification",
    "inversion": UNCLEAR,
}
"""Term that SnpEff 5.1 prints (``EffectType.toSequenceOntology``) to the term that stands here.

SnpEff's finer terms become their SO parents: conservative and disruptive in-frame changes, a
truncated UTR, a new start codon in the 5' UTR. Its initiator codon that becomes another one is
SO's ``start_retained_variant``. What it says of genes rather than of transcripts is unclear here.
"""

SO_OF_VEP = {term: term for term in IMPACT_OF}
"""VEP's terms are the ones that stand here; those beside transcripts are not asked for."""

CODING_TERMS = (
    "stop_gained",
    "frameshift_variant",
    "stop_lost",
    "start_lost",
    "inframe_insertion",
    "inframe_deletion",
    "missense_variant",
    "protein_altering_variant",
    "start_retained_variant",
    "stop_retained_variant",
    "synonymous_variant",
    "coding_sequence_variant",
)
"""Terms that speak of the protein: where one stands, HGVS p. is due."""

_SEVERITY = pl.Enum(list(IMPACT_OF))


def to_so(
    names: pl.Series, words: Mapping[str, str] = SO_OF_CSQ, tool: str = "bcftools csq"
) -> pl.Series:
    """SO terms of names that an engine printed, a leading ``*`` ignored.

    csq's star says that the variant lies behind a stop codon of the same haplotype; the
    term stays what it is.

    Args:
        names: what it printed.
        words: each name that it may print, to its SO term.
        tool: the engine, for the message.

    Raises:
        FaultError: a name that ``words`` does not know.
    """
    bare = names.str.strip_chars_start("*")
    unknown = bare.filter(~bare.is_in(list(words))).unique().sort()
    if len(unknown):
        raise FaultError(
            Fault(
                code="consequence-unknown",
                file=tool,
                column="consequence",
                found=", ".join(unknown),
                allowed=", ".join(words),
                next_step="use the version that the documentation names, or add the name's SO "
                "term to annotation/terms.py",
            )
        )
    return bare.replace_strict(words, return_dtype=pl.String)


def joined(terms: pl.Expr) -> pl.Expr:
    """A list of SO terms as ``a&b``: each once, worst first."""
    ordered = terms.list.eval(pl.element().cast(_SEVERITY)).list.unique().list.sort()
    return ordered.list.eval(pl.element().cast(pl.String)).list.join("&")


def impact(consequence: pl.Expr) -> pl.Expr:
    """Impact of the worst term of ``a&b``, whose terms stand worst first."""
    worst = consequence.str.split("&").list.first()
    return worst.replace_strict(IMPACT_OF, return_dtype=pl.String)
