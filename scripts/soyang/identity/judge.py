"""``soyang identity judge``: pass or quarantine, one verdict a sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from soyang.core.files import read_rows
from soyang.core.tables import read_table, write_table
from soyang.identity.blame import Link
from soyang.identity.facts import Recorded, judge_record, read_facts
from soyang.identity.inputs import Subject, read_calls, read_subjects, require
from soyang.identity.overrides import NONE, read_overrides
from soyang.identity.sex import SexEvidence, SexLimits
from soyang.identity.tables import CONTAMINATION, HETEROZYGOSITY, KINSHIP, OVERRIDES, VERDICTS
from soyang.identity.verdicts import Evidence, Mixture, override_rows, verdict_rows

SEX = ("x_depth_ratio", "y_depth_ratio", "x_copies", "y_copies")


def judge(
    *,
    admitted: Path,
    kinship: Path,
    heterozygosity: Path | None = None,
    quality: list[Path] | None = None,
    calls: list[Path] | None = None,
    contamination: list[Path] | None = None,
    facts: Path | None = None,
    overrides: Path | None = None,
    override_key: list[Path] | None = None,
    max_one_x_heterozygosity: float,
    min_two_x_heterozygosity: float,
    min_sites: int,
    min_first_degree_kinship: float,
    max_parent_child_ibs0: float,
    max_contamination: float,
    transfusion_days: int,
    verdicts: Path,
    decisions: Path,
) -> None:
    """Say of each sample whether it goes on or is held back, and why.

    Held back are:

    1. who has a stem-cell transplant on record that may be older than the specimen: the blood
       carries the donor's genotype, so that no relative and no look-alike is held back for it;
    2. whose recorded sex differs between sheet and platform: which of the two is this person's
       can't be seen from here;
    3. both of a suspected swap ('swap'): relatives refute one of them, and the exchange of the
       two would make the recorded relations true;
    4. all who look like one sample under several names ('duplicate'), in this batch or with one
       that passed an earlier one;
    5. whose X and Y contradict the recorded sex ('sex'), the platform's where the sheet has
       none; unexpected copies that do not contradict it are noted;
    6. who has more of another person's DNA than is allowed ('contamination');
    7. whom relatives refute ('kinship'), as far as 1 to 6 do not explain it. A refuted link
       does not say which of the two is not who the record says. While links are unexplained,
       those samples are held back that have most of them; of these, those with the fewest
       confirmed links; of these, the children; who still is equal, together. So a child that
       both parents refute is held back alone, and a father whom one of two confirmed
       siblings' samples refutes stays.

    A transfusion shortly before the specimen, a relative that the record does not have, and
    unexpected copies hold nobody back; they are noted.

    A signed file of decisions changes verdicts, each for one reason of one sample; all that it
    says is written to the table of decisions, with what came of it.

    Reasons can show non-paternity. They are for the ledger, which staff read, and for no report.
    What judges medicines by genotype reads the facts themselves, not these verdicts.

    Args:
        admitted: who may enter, with sex and parents (ADMITTED).
        kinship: related and similar pairs (KINSHIP).
        heterozygosity: of X and autosomes, each sample's (HETEROZYGOSITY).
        quality: each sample's row of QUALITY; only samples with reads have one.
        calls: each sample's row of CALLS; each gets a verdict.
        contamination: each sample's row of CONTAMINATION; without, it is not assessed.
        facts: what the platform has on record of sex, transplants and transfusions (FACTS).
        overrides: signed decisions; its signature is <file>.sig.
        override_key: public keys (PEM) of who may decide.
        max_one_x_heterozygosity: X heterozygosity over the autosomes', at most, in one X.
        min_two_x_heterozygosity: the same, at least, in two X.
        min_sites: fewest sites of X for a statement on its heterozygosity.
        min_first_degree_kinship: coefficient from which on two are of the first degree.
        max_parent_child_ibs0: share of opposite homozygotes, at most, in parent and child.
        max_contamination: share of another person's DNA, at most.
        transfusion_days: days after a transfusion in which a sample may show the donor's DNA.
        verdicts: table to write (VERDICTS).
        decisions: table to write (OVERRIDES): what was decided by whom, and what came of it.

    Raises:
        FaultError: a sample is not admitted, or a pair's or quality's sample has no calls; the
            decisions are not signed, or can't be.
    """
    everyone = read_subjects(admitted)
    called = sorted(read_calls(calls or ()))
    require(called, everyone, admitted)
    subjects = {sample: everyone[sample] for sample in called}
    evidence = _read_evidence(quality or (), heterozygosity)
    require(evidence, subjects, admitted)
    known = read_facts(facts) if facts else {}
    signed = NONE
    if overrides:
        sheet = {row["sample"] for row in read_rows(admitted, "sample")}
        signed = read_overrides(overrides, override_key or (), sheet)
    rows = verdict_rows(
        subjects,
        Evidence(
            links=_read_links(kinship, subjects, min_first_degree_kinship, max_parent_child_ibs0),
            sexes=evidence,
            mixtures=_read_mixtures(contamination or (), subjects),
            records={
                sample: judge_record(
                    subject, known.get(subject.person, Recorded()), transfusion_days
                )
                for sample, subject in subjects.items()
            },
        ),
        SexLimits(
            max_one_x_heterozygosity=max_one_x_heterozygosity,
            min_two_x_heterozygosity=min_two_x_heterozygosity,
            min_sites=min_sites,
        ),
        max_contamination,
        signed.decisions,
    )
    write_table(OVERRIDES.frame(override_rows(signed, rows)), decisions, OVERRIDES)
    table = [{name: row[name] for name in VERDICTS.names} for row in rows]
    write_table(VERDICTS.frame(table), verdicts, VERDICTS)


def _read_links(
    kinship: Path, subjects: Mapping[str, Subject], first_degree: float, max_ibs0: float
) -> list[Link]:
    rows = read_table(kinship, KINSHIP).to_dicts()
    ends = [row["sample_1"] for row in rows]
    ends += [row["sample_2"] for row in rows if not row["batch"]]
    require(ends, subjects, kinship)
    links = []
    for row in rows:
        one, two = row.pop("sample_1"), row.pop("sample_2")
        child = ""
        if row["recorded"] == "parent_child":
            # Of a pair with an earlier batch only the first can be held back, and is named.
            is_two = not row["batch"] and subjects[one].person in subjects[two].parents
            child = two if is_two else one
        near = row["kinship"] is not None and row["kinship"] >= first_degree
        parental = near and row["ibs0"] <= max_ibs0 * row["sites"]
        links.append(
            Link(one=one, two=two, child=child, first_degree=near, parental=parental, **row)
        )
    return links


def _read_evidence(quality: Iterable[Path], heterozygosity: Path | None) -> dict[str, SexEvidence]:
    found: dict[str, dict[str, float | int | None]] = {}
    for path in quality:
        for row in read_rows(path, "sample", *SEX):
            found[row["sample"]] = {
                "x_depth": _number(row["x_depth_ratio"]),
                "y_depth": _number(row["y_depth_ratio"]),
                "x_copies": _count(row["x_copies"]),
                "y_copies": _count(row["y_copies"]),
            }
    if heterozygosity:
        for figures in read_table(heterozygosity, HETEROZYGOSITY).to_dicts():
            found.setdefault(figures.pop("sample"), {}).update(figures)
    return {sample: SexEvidence(**figures) for sample, figures in found.items()}  # type: ignore[arg-type]


def _number(text: str) -> float | None:
    return float(text) if text else None


def _count(text: str) -> int | None:
    return int(text) if text else None


def _read_mixtures(paths: Iterable[Path], subjects: Mapping[str, Subject]) -> dict[str, Mixture]:
    found: dict[str, Mixture] = {}
    for path in paths:
        rows = read_table(path, CONTAMINATION).to_dicts()
        require((row["sample"] for row in rows), subjects, path)
        for row in rows:
            if row["assessed"]:
                found[row["sample"]] = Mixture(
                    share=row["estimate"], low=row["low"], high=row["high"]
                )
    return found
