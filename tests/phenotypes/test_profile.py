"""What `soyang phenotypes profile PERSON` prints."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from soyang.core.errors import FaultError
from soyang.phenotypes import profile as verb
from soyang.phenotypes.profile import profile
from tests.phenotypes.records import Records

MEDICINES = """medicine\trxnorm\tatc\thpo_id\tphecode\tsource
metformin\t6809\tA10BA02\tHP:0000819\tEM_202\tlabel
"""


@pytest.fixture
def site(tmp_path: Path) -> Records:
    """Four people of whom the platform knows two."""
    folder = tmp_path / "결과 폴더"
    folder.mkdir()
    made = Records(folder=folder)
    made.person("SYN-01")
    made.person("SYN-02", record="not_found")
    made.person("SYN-03", record="no_platform")
    made.person("SYN-04")
    return made


def printed(site: Records, person: str, capsys: Any) -> list[str]:
    medicines = site.folder / "m.tsv"
    medicines.write_text(MEDICINES)
    site.map(medicines=medicines)
    capsys.readouterr()
    profile(person, directory=site.folder)
    return str(capsys.readouterr().out).splitlines()


def test_one_line_for_each_term_with_all_that_it_came_from(site: Records, capsys: Any) -> None:
    site.code_maps = [("KCD7", "G40.3", 100)]
    for day in (1, 5):
        site.add(
            "SYN-01",
            "condition",
            0,
            "G40.31",
            hospital="한빛병원",
            start_date=date(2020, 1, day),
            end_date=date(2020, 2, 1),
        )
    site.add("SYN-01", "observation", 102, "H91", absent=True)
    site.add("SYN-01", "condition", 0, "R69")
    site.add("SYN-01", "medicine", 400, "EDI-7", source_vocabulary="EDI")
    assert printed(site, "SYN-01", capsys) == [
        "hpo_id\tname\tstatus\tconcept\tcode\tdates\thospital\tmatch\tresolved",
        "HP:0001250\tSeizure\tobserved\t91175000 (SNOMED)\tG40.31 (KCD7)"
        "\t2020-01-01 to 2020-02-01\t한빛병원\tcode4\tresolved",
        "HP:0000365\tHearing impairment\texcluded\t15188001 (SNOMED)\tH91 (KCD7)\t2020-01-01"
        "\tH1\texact\t",
        "hpo_id\tname\trecorded\tmedicine\tconcept\tcode\tdates",
        "HP:0000819\tDiabetes mellitus\tnot in the profile\tmetformin\t400\tEDI-7\t2020-01-01",
        "The platform has a record of this person.",
        "1 of 4 condition and observation records led to no HPO term; unmapped.tsv lists their "
        "codes by hospital.",
    ]


@pytest.mark.parametrize(
    ("person", "told"),
    [
        ("SYN-02", "not found is not healthy"),
        ("SYN-03", "Nobody looked"),
        ("SYN-04", "does not mean that there is none"),
    ],
)
def test_no_terms_for_three_reasons(site: Records, capsys: Any, person: str, told: str) -> None:
    lines = printed(site, person, capsys)
    assert lines[0].startswith("hpo_id\t")
    assert told in lines[-1]


def test_on_a_terminal_it_is_a_table(
    site: Records, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add("SYN-01", "condition", 100, "[G40]")
    wide = lambda **options: Console(force_terminal=True, width=200, **options)  # noqa: E731
    monkeypatch.setattr(verb, "Console", wide)
    lines = printed(site, "SYN-01", capsys)
    assert any("Phenotypes of SYN-01" in line for line in lines)
    assert any("HP:0001250" in line and "[G40] (KCD7)" in line and "│" in line for line in lines)


def test_an_unknown_person_is_told_the_nearest_names(site: Records) -> None:
    site.map()
    with pytest.raises(FaultError, match="SYN-01") as caught:
        profile("SYN-011", directory=site.folder)
    assert "--directory" in caught.value.faults[0].next_step


def test_a_folder_without_tables_is_named(tmp_path: Path) -> None:
    with pytest.raises(FaultError, match=r"persons\.tsv"):
        profile("A", directory=tmp_path)


def test_the_command_takes_the_person_as_a_word(site: Records) -> None:
    site.add("SYN-01", "condition", 100, "G40")
    site.map()
    command = [sys.executable, "-m", "soyang.main", "phenotypes", "profile"]
    done = subprocess.run(
        [*command, "SYN-01", "--directory", str(site.folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "HP:0001250\tSeizure\tobserved" in done.stdout
    unknown = subprocess.run(
        [*command, "SYN-9", "--directory", str(site.folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert unknown.returncode == 2
    assert "a person of this cohort" in unknown.stderr
