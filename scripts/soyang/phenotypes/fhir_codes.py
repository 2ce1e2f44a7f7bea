"""From a FHIR coding to a concept of the site's own OMOP vocabulary, inside DuckDB.

A coding names a code system by URL, OMOP a vocabulary by id. A standard concept among the codings
of one thing wins; else the ``Maps to`` of a source coding (OMOP CDM 5.4, concept_relationship);
else 0. The source code is the national or local coding, which the hospital chose, where there is
one. A code system that is in no table here is counted, and its code kept.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from soyang.core.errors import Fault, FaultError

KR_CORE = "http://www.hl7korea.or.kr/CodeSystem"
KCD = ("KCD8", "KCD7", "KCD9")
"""A site's vocabulary has KCD under the number of a revision, OHDSI's so far under KCD7; the
code system's own revision is looked up first, the others after it."""
SYSTEMS: dict[str, tuple[tuple[str, ...], bool]] = {
    "http://snomed.info/sct": (("SNOMED",), False),
    "http://loinc.org": (("LOINC",), False),
    "http://www.nlm.nih.gov/research/umls/rxnorm": (("RxNorm",), False),
    "http://www.whocc.no/atc": (("ATC",), False),
    "http://unitsofmeasure.org": (("UCUM",), False),
    "http://hl7.org/fhir/sid/icd-10": (("ICD10",), False),
    "http://hl7.org/fhir/sid/cvx": (("CVX",), False),
    f"{KR_CORE}/kostat-kcd-8": (KCD, True),
    f"{KR_CORE}/kostat-kcd-7": (("KCD7", "KCD8"), True),
    f"{KR_CORE}/kostat-kcd-9": (("KCD9", "KCD8", "KCD7"), True),
    f"{KR_CORE}/hira-edi-procedure": (("EDI",), True),
    f"{KR_CORE}/hira-edi-medication": (("EDI",), True),
    f"{KR_CORE}/hira-edi-material": (("EDI",), True),
    f"{KR_CORE}/kpis-kdcode": (("KDC",), True),
    "https://biz.kpis.or.kr/CodeSystem/kdcode": (("KDC",), True),
}
"""Code system to vocabulary ids, and whether it is a national one. HL7 systems: FHIR R4
"Using codes" (terminologies-systems.html); KCD, EDI and KD codes: HL7 Korea, KR Core 2.0.0,
NamingSystems. ICD-10 is the WHO's; ICD-10-CM has another URL and is not in the table."""
_CONCEPT_COLUMNS = (
    "concept_id", "concept_code", "vocabulary_id", "standard_concept", "domain_id",
)  # fmt: skip
DOTTED = ("KCD7", "KCD8", "KCD9", "ICD10")
"""Vocabularies whose codes have a dot after three characters, which hospitals leave out."""


def attach_vocabulary(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Make ``vocabulary_concept`` and ``vocabulary_maps`` known, views of the site's vocabulary.

    Args:
        connection: DuckDB.
        path: a DuckDB file, or a folder with ``concept`` and ``concept_relationship`` as Parquet.

    Raises:
        FaultError: the file, a table or a column is missing.
    """
    concept, relationship = _tables(connection, path)
    _demand_columns(connection, path, concept, _CONCEPT_COLUMNS)
    _demand_columns(
        connection, path, relationship, ("concept_id_1", "concept_id_2", "relationship_id")
    )
    valid = "invalid_reason" in _columns(connection, relationship)
    connection.execute(
        f"""
        CREATE TEMP VIEW vocabulary_concept AS
        SELECT CAST(concept_id AS BIGINT) AS concept_id,
               trim(CAST(concept_code AS VARCHAR)) AS code,
               vocabulary_id AS vocabulary, coalesce(standard_concept = 'S', false) AS standard,
               coalesce(domain_id, '') AS domain
        FROM {concept} WHERE concept_id <> 0
        """
    )
    connection.execute(
        f"""
        CREATE TEMP VIEW vocabulary_maps AS
        SELECT CAST(concept_id_1 AS BIGINT) AS source, CAST(concept_id_2 AS BIGINT) AS target
        FROM {relationship}
        WHERE relationship_id = 'Maps to' AND concept_id_2 <> 0
        {"AND coalesce(invalid_reason, '') = ''" if valid else ""}
        """
    )


def resolve(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables ``code_known`` and ``coded`` out of the table ``coding``.

    ``coding`` has a row for each coding: kind, id, part, slot, n (its place), system, code.
    ``code_known`` has the concept of each system and code that the vocabulary has. ``coded`` has a
    row for each kind, id, part and slot: concepts (a list, never empty; [0] if unmapped), domain
    (of the first of them), source_code, source_concept_id and uncoded.
    """
    _register_systems(connection)
    connection.execute(_CODE_KNOWN)
    connection.execute(_CODED)


def unknown_systems(connection: duckdb.DuckDBPyConnection) -> list[dict[str, object]]:
    """Code systems that are in no table here: system and number of codings, sorted."""
    rows = connection.execute(
        """
        SELECT coalesce(nullif(c.system, ''), '(none)'), count(*) FROM coding c
        WHERE c.system NOT IN (SELECT system FROM code_systems) GROUP BY 1 ORDER BY 1
        """
    ).fetchall()
    return [{"system": system, "codings": count} for system, count in rows]


_CODE_KNOWN = f"""
CREATE TEMP TABLE code_known AS
WITH asked AS (
    SELECT DISTINCT c.system, c.code, s.vocabulary, s.rank,
           CASE WHEN s.vocabulary IN {DOTTED} AND length(c.code) > 3 AND c.code NOT LIKE '%.%'
                THEN c.code[:3] || '.' || c.code[4:] END AS dotted
    FROM coding c JOIN code_systems s USING (system)
), found AS (
    SELECT a.system, a.code, v.concept_id, v.standard, v.domain,
           row_number() OVER (
               PARTITION BY a.system, a.code
               ORDER BY v.code <> a.code, a.rank, NOT v.standard, v.concept_id
           ) AS place
    FROM asked a
    JOIN vocabulary_concept v
      ON v.vocabulary = a.vocabulary AND (v.code = a.code OR v.code = a.dotted)
), best AS (
    SELECT * FROM found WHERE place = 1
)
SELECT b.system, b.code, b.concept_id, b.standard, b.domain,
       list_sort(list_distinct(coalesce(
           list(m.target) FILTER (WHERE m.target IS NOT NULL), []
       ))) AS targets
FROM best b LEFT JOIN vocabulary_maps m ON m.source = b.concept_id
GROUP BY ALL
"""

_CODED = """
CREATE TEMP TABLE coded AS
WITH known AS (
    SELECT c.kind, c.id, c.part, c.slot, c.n, c.code, k.concept_id, k.standard, k.targets,
           CASE WHEN s.national THEN 0 WHEN coalesce(k.standard, false) THEN 3
                WHEN s.system IS NULL THEN 2 ELSE 1 END AS source_place
    FROM coding c
    LEFT JOIN (SELECT DISTINCT system, national FROM code_systems) s USING (system)
    LEFT JOIN code_known k ON k.system = c.system AND k.code = c.code
), chosen AS (
    SELECT kind, id, part, slot,
           arg_min(concept_id, n) FILTER (WHERE standard) AS standard_id,
           arg_min(targets, (source_place, n)) FILTER (WHERE len(targets) > 0) AS mapped,
           arg_min(code, (source_place, n)) AS source_code,
           coalesce(arg_min(coalesce(concept_id, 0), (source_place, n)), 0) AS source_concept_id
    FROM known GROUP BY kind, id, part, slot
), concepts AS (
    SELECT *, CASE WHEN standard_id IS NOT NULL THEN [standard_id]
                   WHEN mapped IS NOT NULL THEN mapped ELSE [0::BIGINT] END AS concepts
    FROM chosen
)
SELECT c.kind, c.id, c.part, c.slot, c.concepts, coalesce(v.domain, '') AS domain,
       c.source_code, c.source_concept_id
FROM concepts c
LEFT JOIN vocabulary_concept v ON v.concept_id = c.concepts[1]
"""


def _register_systems(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "CREATE TEMP TABLE code_systems (system VARCHAR, vocabulary VARCHAR, rank INTEGER, "
        "national BOOLEAN)"
    )
    connection.executemany(
        "INSERT INTO code_systems VALUES (?, ?, ?, ?)",
        [
            (system, vocabulary, rank, national)
            for system, (vocabularies, national) in SYSTEMS.items()
            for rank, vocabulary in enumerate(vocabularies)
        ],
    )


def _tables(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[str, str]:
    """How queries name concept and concept_relationship."""
    names = ("concept", "concept_relationship")
    if path.is_dir():
        return tuple(_parquet(path, name) for name in names)  # type: ignore[return-value]
    try:
        connection.execute(f"ATTACH '{_quoted(path)}' AS vocabulary (READ_ONLY)")
    except duckdb.Error:
        raise FaultError(_fault(path, "no DuckDB database and no folder")) from None
    found = {
        (schema, table.lower()): table
        for schema, table in connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name='vocabulary' "
            "UNION ALL SELECT schema_name, view_name FROM duckdb_views() "
            "WHERE database_name = 'vocabulary' ORDER BY ALL"
        ).fetchall()
    }
    for schema in dict.fromkeys(["main", *(schema for schema, _ in found)]):
        if all((schema, name) in found for name in names):
            return tuple(  # type: ignore[return-value]
                f'vocabulary."{schema}"."{found[schema, name]}"' for name in names
            )
    raise FaultError(_fault(path, "not both of the tables concept, concept_relationship"))


def _parquet(folder: Path, name: str) -> str:
    for candidate in (folder / f"{name}.parquet", folder / name.upper()):
        if candidate.is_file():
            return f"read_parquet('{_quoted(candidate)}')"
    if any((folder / name).glob("*.parquet")):
        return f"read_parquet('{_quoted(folder / name)}/*.parquet')"
    raise FaultError(_fault(folder, f"no {name}.parquet"))


def _demand_columns(
    connection: duckdb.DuckDBPyConnection, path: Path, table: str, names: tuple[str, ...]
) -> None:
    missing = [name for name in names if name not in _columns(connection, table)]
    if missing:
        raise FaultError(_fault(path, f"no column {', '.join(missing)}"))


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    described = connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
    return {str(row[0]).lower() for row in described}


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _fault(path: Path, found: str) -> Fault:
    return Fault(
        code="fhir-vocabulary",
        file=path.name,
        column="platform.fhir.vocabulary",
        found=found,
        allowed="concept and concept_relationship of the OMOP vocabulary, in DuckDB or Parquet",
        next_step="load the site's OMOP vocabulary, or correct the path",
    )
