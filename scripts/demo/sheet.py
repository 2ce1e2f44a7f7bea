"""The demo's sheet and settings, and the plan of what is made."""

from __future__ import annotations

from pathlib import Path

from demo import houses, knowledge, lifelog, omop, reads
from demo.genes import RESOURCES
from demo.people import PEOPLE, Person
from demo.steps import Maker, Steps

COLUMNS = (
    "person", "sample", "hospital", "lane", "fastq_1", "fastq_2", "bam", "cram", "gvcf", "vcf",
    "sex", "family", "father", "mother", "affected", "assay", "targets", "consent",
    "platform_person_id", "specimen", "run", "collected", "lifelog_id",
)  # fmt: skip
INDEXES = {"cram": "crai", "gvcf": "tbi", "vcf": "tbi"}
SUFFIXES = {"cram": "cram", "gvcf": "g.vcf.gz", "vcf": "vcf.gz"}
REFERENCE = "data/reference.fa"
PLATFORM = "data/omop.duckdb"
LIFELOG = tuple(f"data/lifelog/{p.lifelog_id}.ndjson" for p in PEOPLE if p.lifelog_id)
RUN = "SYN-RUN-1"


def plan(steps: Steps) -> None:
    """Plan all steps; the longest first, so that two workers end together."""
    others = [person for person in PEOPLE if person.entry != "fastq"]
    outputs = [name for person in others for name in _files(person)]
    steps.add("other-houses", tuple(outputs), _other_houses)
    steps.add("reference", (REFERENCE, f"{REFERENCE}.fai"), _reference)
    steps.add("knowledge", KNOWLEDGE, _knowledge)
    steps.add("platform", (PLATFORM,), lambda folder: omop.write_platform(folder / PLATFORM))
    steps.add("lifelog", LIFELOG, lambda folder: lifelog.write_lifelog(folder / "data/lifelog"))
    steps.add("sheet", ("samples.tsv", "config.yaml"), _sheet)
    for person in PEOPLE:
        if person.entry == "fastq":
            steps.add(f"reads-{person.sample}", tuple(_files(person)), _maker(person))


RELEASE = "knowledge/demo-1"
KNOWLEDGE = (
    "data/transcripts.gff3",
    "data/clinvar.vcf.gz",
    "data/clinvar.vcf.gz.tbi",
    "data/frequencies.vcf.gz",
    "data/frequencies.vcf.gz.tbi",
    "data/phecodes.csv",
    "data/phecodes_labels.csv",
    "data/loinc2hpo.tsv",
    "data/dosage.tsv",
    RELEASE,
)


def lanes(person: Person) -> list[tuple[str, str]]:
    """FASTQ files of a person's lanes, relative to the working folder."""
    return [
        (f"data/{person.sample}_L{lane}_R1.fastq.gz", f"data/{person.sample}_L{lane}_R2.fastq.gz")
        for lane in range(1, person.lanes + 1)
    ]


def entry_file(person: Person) -> str:
    """The one file of a person who enters by CRAM, gVCF or VCF."""
    return f"data/{person.sample}.{SUFFIXES[person.entry]}"


def _files(person: Person) -> list[str]:
    if person.entry == "fastq":
        return [name for pair in lanes(person) for name in pair]
    name = entry_file(person)
    return [name, f"{name}.{INDEXES[person.entry]}"]


def samples_tsv() -> str:
    """The sample sheet."""
    rows = ["\t".join(COLUMNS)]
    for person in PEOPLE:
        for number, pair in enumerate(lanes(person), start=1):
            row = dict.fromkeys(COLUMNS, "") | {
                "person": person.person,
                "sample": person.sample,
                "hospital": person.hospital,
                "lane": f"L{number}",
                "sex": person.sex,
                "family": person.family,
                "father": person.father,
                "mother": person.mother,
                "affected": person.affected,
                "assay": "wgs",
                "consent": person.consent,
                "platform_person_id": str(person.platform_id),
                "specimen": person.specimen,
                "run": RUN if person.entry == "fastq" else "",
                "collected": person.collected,
                "lifelog_id": person.lifelog_id,
            }
            if person.entry == "fastq":
                row["fastq_1"], row["fastq_2"] = pair
            else:
                row[person.entry] = entry_file(person)
            rows.append("\t".join(row.values()))
    return "\n".join(rows) + "\n"


def _sheet(folder: Path) -> None:
    (folder / "samples.tsv").write_text(samples_tsv())
    (folder / "config.yaml").write_bytes((RESOURCES / "config.yaml").read_bytes())


def _reference(folder: Path) -> None:
    knowledge.write_reference(folder / REFERENCE)


def _knowledge(folder: Path) -> None:
    knowledge.write_transcripts(folder / "data/transcripts.gff3")
    knowledge.write_clinvar(folder / "data/clinvar.vcf.gz")
    knowledge.write_frequencies(folder / "data/frequencies.vcf.gz")
    for name in ("phecodes.csv", "phecodes_labels.csv", "loinc2hpo.tsv", "dosage.tsv"):
        (folder / "data" / name).write_bytes((RESOURCES / name).read_bytes())
    _reference(folder)
    knowledge.write_release(folder / "data", folder / RELEASE)


def _maker(person: Person) -> Maker:
    def make(folder: Path) -> None:
        reads.write_fastq(person, folder, [(folder / a, folder / b) for a, b in lanes(person)])

    return make


def _other_houses(folder: Path) -> None:
    reference, slices = folder / "house.fa", folder / "slices.fa"
    knowledge.write_reference(reference)
    houses.index(slices)
    for person in PEOPLE:
        if person.entry == "fastq":
            continue
        pairs = [(folder / a, folder / b) for a, b in lanes(person)]
        reads.write_fastq(person, folder, pairs)
        output = folder / entry_file(person)
        cram = folder / f"data/{person.sample}.cram"
        houses.align(person, reference, slices, pairs[0], cram)
        if person.entry != "cram":
            houses.call(cram, reference, output, blocks=person.entry == "gvcf")
