"""The demo's thirteen synthetic people: who they are, how they enter, what they carry.

Nobody here exists. Variants are real records of ClinVar or invented, as each says.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Change:
    """A sequence change on chr20: 1-based position, reference and alternate bases."""

    position: int
    ref: str
    alt: str

    @property
    def end(self) -> int:
        """Last reference base changed."""
        return self.position + len(self.ref) - 1


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person, their sample and how it enters.

    Attributes:
        person: pseudonym.
        sample: sample name.
        hospital: hospital.
        platform_id: ``person_id`` on the clinical platform.
        sex: recorded sex.
        entry: ``fastq``, ``cram``, ``gvcf`` or ``vcf``.
        affected: recorded affection.
        consent: scopes joined by ``;``, or ``withdrawn``.
        family, father, mother: the recorded pedigree.
        father_in_truth, mother_in_truth: whose haplotypes the person carries.
        lanes: number of FASTQ pairs.
        first, second: changes on one and the other haplotype, beside ordinary variation;
            for a child of the demo the first haplotype is the father's.
        deleted: first and last base (1-based, chr20) of what the first haplotype lacks.
        uncovered: (gene symbol, exon) that no read covers.
        truncated: the second FASTQ ends in the middle.
        specimen, collected: the blood sample that was sequenced, and the day it was taken.
        lifelog_id: the wearable provider's name for the person.
    """

    person: str
    sample: str
    hospital: str
    platform_id: int
    sex: str
    entry: str = "fastq"
    affected: str = "no"
    consent: str = "clinical_care;research"
    family: str = ""
    father: str = ""
    mother: str = ""
    father_in_truth: str = ""
    mother_in_truth: str = ""
    lanes: int = 1
    first: tuple[Change, ...] = ()
    second: tuple[Change, ...] = ()
    deleted: tuple[int, int] | None = None
    uncovered: tuple[str, int] | None = None
    truncated: bool = False
    specimen: str = ""
    collected: str = ""
    lifelog_id: str = ""


ALL_SCOPES = "clinical_care;research;secondary_findings"
HOSPITAL_A, HOSPITAL_B, HOSPITAL_C = (f"synthetic-hospital-{letter}" for letter in "ABC")

JAG1_DE_NOVO = Change(10_648_631, "CAG", "C")
"""NM_000214.3:c.1485_1486del, p.(Cys496fs): ClinVar pathogenic, two stars."""
SLC52A3_STOP = Change(763_932, "G", "C")
"""NM_033409.4:c.639C>G, p.(Tyr213Ter): ClinVar pathogenic."""
SLC52A3_MISSENSE = Change(761_213, "C", "T")
"""NM_033409.4:c.1223G>A, p.(Gly408Asp): ClinVar likely pathogenic; 2.7 kb from the stop."""
AVP_SIGNAL_PEPTIDE = Change(3_084_620, "C", "T")
"""NM_000490.5:c.55G>A, p.(Ala19Thr): ClinVar pathogenic, last residue of the signal peptide."""
MKKS_CARRIED = Change(10_413_405, "T", "C")
"""NM_170784.3:c.110A>G, p.(Tyr37Cys): ClinVar pathogenic, recessive."""

JAG1_DELETED = (10_645_201, 10_651_000)
"""Exons 9 to 17 of JAG1's 26, whose loss shifts the reading frame: invented."""

PROKR2_DECOY = Change(5_313_994, "C", "T")
"""NM_144773.4:c.376G>A, p.(Val126Met): ClinVar uncertain."""
MKKS_DECOY = Change(10_408_662, "C", "A")
"""NM_170784.3:c.1127G>T, p.(Cys376Phe): ClinVar uncertain."""
JAG1_DECOY = Change(10_641_799, "C", "T")
"""NM_000214.3:c.2666G>A, p.(Arg889Gln): ClinVar uncertain."""
PRNP_DECOY = Change(4_699_682, "G", "A")
"""NM_000311.5:c.462G>A, p.(Met154Ile): ClinVar uncertain."""
PROKR2_DECOY_2 = Change(5_302_265, "G", "C")
"""NM_144773.4:c.930C>G, p.(His310Gln): ClinVar uncertain."""
ITPA_DECOY = Change(3_218_584, "C", "A")
"""NM_033453.4:c.363C>A, p.(Ser121Arg): ClinVar uncertain."""

DECOYS = (PROKR2_DECOY, MKKS_DECOY, JAG1_DECOY, PRNP_DECOY, PROKR2_DECOY_2, ITPA_DECOY)
CAUSES = (JAG1_DE_NOVO, SLC52A3_STOP, SLC52A3_MISSENSE, AVP_SIGNAL_PEPTIDE, MKKS_CARRIED)

PEOPLE = (
    Person(
        person="SYN-01",
        sample="S01",
        specimen="BB-26-0117",
        collected="2025-09-08",
        hospital=HOSPITAL_A,
        platform_id=7_204_518,
        sex="female",
        affected="yes",
        consent=ALL_SCOPES,
        family="SYN-F1",
        father="SYN-02",
        mother="SYN-03",
        father_in_truth="SYN-02",
        mother_in_truth="SYN-03",
        first=(JAG1_DE_NOVO,),
    ),
    Person(
        person="SYN-02",
        sample="S02",
        lifelog_id="wear-5c1e",
        specimen="BB-26-0118",
        collected="2025-09-08",
        hospital=HOSPITAL_A,
        platform_id=3_918_846,
        sex="male",
        family="SYN-F1",
        first=(PROKR2_DECOY,),
    ),
    Person(
        person="SYN-03",
        sample="S03",
        specimen="BB-26-0119",
        collected="2025-09-08",
        hospital=HOSPITAL_A,
        platform_id=9_530_172,
        sex="female",
        consent=ALL_SCOPES,
        family="SYN-F1",
        first=(MKKS_DECOY,),
    ),
    Person(
        person="SYN-04",
        sample="S04",
        specimen="BB-26-0204",
        collected="2025-09-15",
        hospital=HOSPITAL_B,
        platform_id=1_467_093,
        sex="male",
        affected="yes",
        consent=ALL_SCOPES,
        first=(SLC52A3_STOP, JAG1_DECOY),
        second=(SLC52A3_MISSENSE, PRNP_DECOY),
    ),
    Person(
        person="SYN-05",
        sample="S05",
        specimen="BB-26-0231",
        collected="2025-09-22",
        hospital=HOSPITAL_B,
        platform_id=8_846_325,
        sex="female",
        affected="yes",
        lanes=2,
        first=(AVP_SIGNAL_PEPTIDE, ITPA_DECOY),
        second=(PROKR2_DECOY_2,),
    ),
    Person(
        person="SYN-06",
        sample="S06",
        lifelog_id="wear-90a7",
        specimen="BB-26-0302",
        collected="2025-09-10",
        hospital=HOSPITAL_C,
        platform_id=2_075_961,
        sex="male",
        entry="cram",
        consent=ALL_SCOPES,
        second=(MKKS_CARRIED,),
    ),
    Person(
        person="SYN-07",
        sample="S07",
        specimen="BB-26-0315",
        collected="2025-09-11",
        hospital=HOSPITAL_C,
        platform_id=6_391_407,
        sex="female",
        affected="yes",
        consent=ALL_SCOPES,
        uncovered=("JAG1", 4),
    ),
    Person(
        person="SYN-08",
        sample="S08",
        hospital=HOSPITAL_B,
        platform_id=5_112_780,
        sex="female",
        entry="gvcf",
    ),
    Person(
        person="SYN-09",
        sample="S09",
        hospital=HOSPITAL_C,
        platform_id=4_683_219,
        sex="male",
        entry="vcf",
    ),
    Person(
        person="SYN-10",
        sample="S10",
        hospital=HOSPITAL_A,
        platform_id=7_759_634,
        sex="male",
        family="SYN-F1",
        father="SYN-02",
        mother="SYN-03",
    ),
    Person(
        person="SYN-11",
        sample="S11",
        hospital=HOSPITAL_C,
        platform_id=1_820_456,
        sex="male",
        truncated=True,
    ),
    Person(
        person="SYN-12",
        sample="S12",
        hospital=HOSPITAL_B,
        platform_id=9_048_873,
        sex="female",
        consent="withdrawn",
    ),
    Person(
        person="SYN-13",
        sample="S13",
        specimen="BB-26-0240",
        collected="2025-09-23",
        hospital=HOSPITAL_B,
        platform_id=3_357_941,
        sex="male",
        affected="yes",
        consent=ALL_SCOPES,
        deleted=JAG1_DELETED,
    ),
)

BY_NAME = {person.person: person for person in PEOPLE}
