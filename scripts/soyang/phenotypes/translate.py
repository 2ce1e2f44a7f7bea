"""Questions in the SQL of other engines than DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp, parse_one

from soyang.phenotypes.contract import TABLES, Found
from soyang.phenotypes.questions import with_missing


def translate(
    question: str,
    dialect: str,
    found: Found,
    place_of: Callable[[str], str],
    given: Mapping[str, str],
) -> str:
    """A question in an engine's own SQL, its tables where they lie.

    Args:
        question: text in DuckDB's SQL.
        dialect: ``postgres`` or ``spark``.
        found: tables and columns that the platform has.
        place_of: a table's relation there, in the engine's SQL.
        given: relations of the small tables that go along, by name.
    """

    def placed(text: str) -> exp.Expr:
        relation: exp.Expr = parse_one(f"SELECT * FROM {text}", read=dialect).args["from_"].this
        return relation

    def relation(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Table) or node.db or node.name not in {*given, *TABLES}:
            return node
        name = node.name
        if name in given:
            there = placed(given[name])
        elif (filled := with_missing(name, found, name)) is None:
            there = placed(place_of(name))
        else:
            whole = parse_one(filled, read="duckdb")
            for table in list(whole.find_all(exp.Table)):
                table.replace(placed(place_of(name)))
            there = exp.Subquery(this=whole)
        there.set("alias", exp.TableAlias(this=exp.to_identifier(node.alias_or_name)))
        return there

    return parse_one(question, read="duckdb").transform(relation).sql(dialect=dialect)
