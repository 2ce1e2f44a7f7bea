"""Consent and the clinical platform: what rules take in of them, and what they rest on."""

import hashlib

PLATFORM = config.get("platform") or {}
SOURCES = ("omop", "postgres", "spark", "fhir")
CLINICAL = "results/phenotypes"
FACTS = f"{workflow.basedir}/resources/knowledge"


def platform_files(*names):
    """Files that the platform's settings name, those there are."""
    return [PLATFORM[name] for name in names if PLATFORM.get(name)]


def has_platform(*beside):
    """Whether there is a source of records, or one of these beside it."""
    return any(PLATFORM.get(name) for name in (*SOURCES, *beside))


def enquired(name):
    """What the platform told of the sheet's people before admission, if there is one."""
    return [f"private/phenotypes/{name}.tsv"] if has_platform("consents") else []


def recorded_facts(wildcards):
    """What the platform has on record of sex and transplants, where there is a platform."""
    return f"{CLINICAL}/facts.tsv" if has_platform() else []


def clinical_results():
    """What a run makes of the platform beside what reports need."""
    made = [f"{CLINICAL}/timeline.parquet", f"{CLINICAL}/lifelog.tsv"]
    return [*made, f"{CLINICAL}/matrix"] if knowledge("phecodes") else made


def told(*columns, scope=""):
    """A parameter that changes with these columns of the admitted, and who permits a scope.

    Who has it reads nothing else of their table, and takes that as ancient(), so that the
    change of one person's consent starts only what rests on it.
    """

    def digest(wildcards):
        found = rows(made("admit", "admitted"))
        kept = [
            [*(r[c] for c in columns), scope in r["consent"].split(";")]
            for r in found
            if r["status"] == "admitted"
        ]
        return _digest(kept)

    return digest


def admitted_rows(person):
    """Rows of a person in admission's list; none for the empty name of an unknown parent."""
    return rows_of(made("admit", "admitted"), "person", person) if person else []


def told_of_person(wildcards):
    """A parameter that changes with the person's own facts and the parents', but consent."""
    own = admitted_rows(wildcards.person)
    family = {r["father"] for r in own} | {r["mother"] for r in own}
    shown = own + [r for person in sorted(family) for r in admitted_rows(person)]
    return _digest([[v for c, v in r.items() if c != "consent"] for r in shown])


def scopes(wildcards):
    """What the person consented to, as options."""
    given = {r["consent"] for r in admitted_rows(wildcards.person)}
    return " ".join(f"--scope {s}" for s in ";".join(given).split(";") if s)


def _digest(value):
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
