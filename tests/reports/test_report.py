"""One person's report: what it says, what it must never say, and that it is the same each time."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from soyang.core.errors import FaultError
from soyang.reports.report import report

Json = dict[str, Any]
MakeCase = Callable[[str], Json]
LANGUAGES = ["en", "ko", "ja"]
PAGES = {"en": "report.html", "ko": "report.ko.html", "ja": "report.ja.html"}
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """A page's codes in order, headings, attributes, and text of the first page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.codes: list[str] = []
        self.headings: list[int] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.first_page: list[str] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self._first_depth = 0
        self.feed(text)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self.codes += (found.get("data-code") or "").split()
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self._open.append(tag)
            if found.get("class") == "first-page":
                self._first_depth = len(self._open)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if len(self._open) < self._first_depth:
            self._first_depth = 0

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self.text.append(data)
        if self._first_depth:
            self.first_page.append(data)

    @property
    def first(self) -> str:
        return " ".join(" ".join(self.first_page).split())

    @property
    def all(self) -> str:
        return " ".join(" ".join(self.text).split())


Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path, findings_schema: Path, report_schema: Path, actions: Path) -> Make:
    """Write a report of findings; the folder."""

    def write(content: Json, name: str = "out", **over: Any) -> Path:
        path = tmp_path / f"{name}.findings.json"
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        options: Json = {
            "findings": path,
            "findings_schema": findings_schema,
            "report_schema": report_schema,
            "actions": actions,
            "language": LANGUAGES,
            "date": "2025-06-01",
            "title_note": [f"{code}=Everyone here is synthetic." for code in LANGUAGES],
            "output": tmp_path / name,
        }
        report(**(options | over))
        return tmp_path / name

    return write


def pages(folder: Path) -> dict[str, Page]:
    return {code: Page((folder / name).read_text(encoding="utf-8")) for code, name in PAGES.items()}


def content(folder: Path) -> Json:
    return dict(json.loads((folder / "report.json").read_text(encoding="utf-8")))


def test_report_fits_its_schema(every_folder: Path, report_schema: Path) -> None:
    schema = json.loads(report_schema.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(content(every_folder))


def test_twins_say_the_same(every_folder: Path) -> None:
    found = pages(every_folder)
    assert found["en"].codes
    assert found["en"].codes == found["ko"].codes == found["ja"].codes


def test_twins_hold_the_same_values(case: MakeCase, make: Make) -> None:
    found = pages(make(case("slc52a3")))
    for value in ("NM_033409.4:c.639C>G", "p.(Glu36Lys)", "VariationID 1039", "763821", "NBK299312",
                  "Fazio-Londe disease", "HP:0001283", "G12.2", "374366", "2020-11"):  # fmt: skip
        assert all(value in page.all for page in found.values()), value


def test_every_code_of_the_first_page_is_shown(every_folder: Path) -> None:
    summary = content(every_folder)["summary"]
    wanted = [f"result.{summary['result']['code']}"]
    for kind, field in (("meaning", "meaning"), ("action", "actions"), ("gap", "gaps")):
        wanted += [f"{kind}.{statement['code']}" for statement in summary[field]]
    assert set(wanted) <= set(pages(every_folder)["en"].codes)


def test_same_input_gives_same_bytes(case: MakeCase, make: Make) -> None:
    one, other = make(case("slc52a3"), "one"), make(case("slc52a3"), "other")
    names = sorted(path.name for path in one.iterdir())
    assert names == ["report.html", "report.ja.html", "report.json", "report.ko.html"]
    assert all((one / name).read_bytes() == (other / name).read_bytes() for name in names)


def test_pages_need_no_network_and_no_script(every_folder: Path) -> None:
    for name in PAGES.values():
        text = (every_folder / name).read_text(encoding="utf-8")
        assert not re.search(r"https?:|//[a-z]|@import|url\(|<script|<iframe|<img", text)
        policy = next(a for t, a in Page(text).tags if "http-equiv" in a)["content"]
        assert policy and policy.startswith("default-src 'none'")


def test_links_go_to_the_twins_only(case: MakeCase, make: Make) -> None:
    folder = make(case("jag1"))
    for page in pages(folder).values():
        links = [str(attrs["href"]) for tag, attrs in page.tags if tag == "a"]
        assert all(link.startswith("#") or (folder / link).exists() for link in links)
        assert set(PAGES.values()) <= set(links)


def test_headings_go_down_one_at_a_time(every_folder: Path) -> None:
    headings = pages(every_folder)["en"].headings
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(headings))


def test_page_states_its_language(case: MakeCase, make: Make) -> None:
    found = pages(make(case("jag1")))
    for code, page in found.items():
        assert next(a for t, a in page.tags if t == "html")["lang"] == code
        assert "Everyone here is synthetic." in page.all
    assert "June 1, 2025" in found["en"].all
    assert "2025년 6월 1일" in found["ko"].all
    assert "2025年6月1日" in found["ja"].all


@pytest.mark.parametrize(
    "bad", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{gene} {0} %s &amp;"]
)
def test_hostile_text_stays_text(bad: str, case: MakeCase, make: Make) -> None:
    findings = case("jag1")
    findings |= {"hospital": bad, "sample": bad, "genes_assessed": [bad]}
    findings["sources"][0] |= {"note": bad, "release": bad}
    best = findings["candidates"][0]
    best["diseases"][0]["name"] = best["matched"][0]["hpo_name"] = bad
    best["gene"] = best["variants"][0]["gene"] = bad
    best["variants"][0] |= {"hgvs_p": bad, "consequence": bad}
    best["variants"][0]["clinvar"]["significance"] = bad
    best["reasons_for"][1]["values"]["consequence"] = bad
    folder = make(findings, title_note=[f"{code}={bad}" for code in LANGUAGES])
    for name in PAGES.values():
        text = (folder / name).read_text(encoding="utf-8")
        page = Page(text)
        assert {tag for tag, _ in page.tags}.isdisjoint({"script", "img"})
        assert not any(a.startswith("on") for _, attrs in page.tags for a in attrs)
        assert page.all.count(" ".join(bad.split())) >= 8


def test_de_novo_report(case: MakeCase, make: Make) -> None:
    folder = make(case("jag1"))
    page = pages(folder)["en"]
    assert "A likely genetic cause of Alagille syndrome 1 was found in the JAG1 gene." in page.first
    assert "neither parent has this change" in page.first
    assert "confirmed by a second method" in page.first
    assert "NBK1273" in page.first
    assert content(folder)["summary"]["result"]["code"] == "candidate_condition"
    assert "several laboratories agree (2 of 4 stars)" in page.all


def test_treatable_disease_comes_first_and_parents_settle_phase(case: MakeCase, make: Make) -> None:
    actions = content(make(case("slc52a3")))["summary"]["actions"]
    codes = [action["code"] for action in actions]
    assert codes[0] == "riboflavin"
    assert actions[0]["timing"] == "now"
    assert actions[0]["citation"]["accession"] == "NBK299312"
    assert codes.index("confirm_orthogonal") < codes.index("test_parents_phase")


def test_gene_advice_needs_its_inheritance(case: MakeCase, make: Make) -> None:
    findings = case("slc52a3")
    findings["candidates"][0] |= {"model": "single_hit", "phase": "not_applicable"}
    codes = {action["code"] for action in content(make(findings))["summary"]["actions"]}
    assert "riboflavin" not in codes


def test_uncertain_variants_are_in_the_appendix_only(every_case: Json, every_folder: Path) -> None:
    weak = {c["gene"] for c in every_case["candidates"] if c["tier"] == "weak"}
    assert {e["gene"] for e in content(every_folder)["uncertain"]} == weak
    for page in pages(every_folder).values():
        assert not any(re.search(rf"\b{gene}\b", page.first) for gene in weak - {"MCM8"})
        assert "MCM8" not in page.first
    if weak:
        assert "Do not act on these." in pages(every_folder)["en"].all


def test_possible_but_uncertain_is_not_on_the_first_page(case: MakeCase, make: Make) -> None:
    findings = case("nothing") | {"result": "possible"}
    findings["candidates"][0]["tier"] = "possible"
    folder = make(findings)
    assert content(folder)["summary"]["result"]["code"] == "inconclusive"
    assert "PRNP" not in pages(folder)["en"].first
    assert "does not rule out a genetic cause" in pages(folder)["en"].first


def test_pathogenic_beside_uncertain_stays_in_sight(case: MakeCase, make: Make) -> None:
    findings = case("slc52a3") | {"result": "possible"}
    best = findings["candidates"][0]
    best["tier"] = "possible"
    best["variants"][1]["clinvar"]["significance"] = "Uncertain_significance"
    summary = content(make(findings))["summary"]
    assert summary["result"] == {"code": "possible", "values": {"genes": ["SLC52A3"]}}
    assert summary["actions"][0]["code"] == "riboflavin"


def test_nothing_found_does_not_rule_out(case: MakeCase, make: Make) -> None:
    folder = make(case("nothing"))
    page = pages(folder)["en"]
    assert "This does not rule out a genetic cause." in page.first
    assert "JAG1 , exon 4: too few reads (255 of 255 coding bases)" in page.first
    actions = content(folder)["summary"]["actions"]
    assert {"code": "complete_coverage", "values": {"genes": ["JAG1"]}} in [
        {"code": action["code"], "values": action["values"]} for action in actions
    ]


NEGATIVE = {
    "en": r"not found|was found|does not carry|No carrier|nothing found",
    "ko": r"발견되지 않|미발견",
    "ja": r"見つかりません|見つかって|未検出",
}


def test_plain_vcf_never_says_not_found(case: MakeCase, make: Make) -> None:
    folder = make(case("vcf"))
    summary = content(folder)["summary"]
    assert summary["result"]["code"] == "cannot_say"
    assert summary["gaps"][0]["code"] == "absence_unknown"
    assert "obtain_reads" in {action["code"] for action in summary["actions"]}
    for code, page in pages(folder).items():
        assert not re.search(NEGATIVE[code], page.first, re.IGNORECASE)
    english = pages(folder)["en"].all
    assert "Whether there is a genetic cause cannot be said" in english
    assert "Whether this person is a carrier cannot be said" in english
    assert "had enough reads" not in english


def test_unknown_parent_is_not_negative(case: MakeCase, make: Make) -> None:
    findings = case("avp")
    findings["candidates"][0]["variants"][0] |= {"father": "unknown", "mother": "not_callable"}
    folder = make(findings)
    english = pages(folder)["en"].all
    assert "cannot be said: absence is unknown in the parent's data" in english
    assert "cannot be said: too few reads here" in english
    codes = {action["code"] for action in content(folder)["summary"]["actions"]}
    assert "test_parents_origin" in codes


def test_three_states_of_frequency(case: MakeCase, make: Make) -> None:
    findings = case("avp")
    findings["candidates"][0]["variants"][0]["frequencies"] = [
        {"source": "cohort", "state": "found", "ac": 1, "an": 20, "nhomalt": 0},
        {"source": "gnomAD", "state": "not_found", "ac": 0, "an": 152_000, "nhomalt": 0},
        {"source": "ToMMo", "state": "not_found", "ac": None, "an": None, "nhomalt": None},
        {"source": "KOVA", "state": "not_assessed", "ac": None, "an": None, "nhomalt": None},
    ]
    english = pages(make(findings))["en"].all
    assert "This cohort 1 of 20 (5%); homozygous in 0 people" in english
    assert "gnomAD not seen in anyone (0 of 152,000)" in english
    assert "ToMMo not listed in this source" in english
    assert "KOVA not assessed" in english


CARRIER = {"en": "arrier", "ko": "보인자", "ja": "保因者"}


def test_no_carrier_word_without_consent(case: MakeCase, make: Make) -> None:
    for name in ("no_consent", "jag1", "nothing"):
        folder = make(case(name), name)
        assert "carriers" not in content(folder)
        assert "MKKS" not in pages(folder)["en"].first
        assert all(CARRIER[code] not in page.all for code, page in pages(folder).items())


def test_carrier_with_consent(case: MakeCase, make: Make) -> None:
    folder = make(case("mkks"))
    assert content(folder)["carriers"][0]["variant"]["gene"] == "MKKS"
    assert all(CARRIER[code] in page.first for code, page in pages(folder).items())


def test_no_carrier_found_is_not_an_exclusion(case: MakeCase, make: Make) -> None:
    english = pages(make(case("mkks") | {"carriers": []}))["en"].all
    assert "This does not exclude being a carrier." in english


def test_unaffected_relative_was_not_asked_about(case: MakeCase, make: Make) -> None:
    folder = make(case("no_consent"))
    assert content(folder)["summary"]["result"]["code"] == "no_question"
    assert "No diagnosis was sought" in pages(folder)["en"].first
    assert [a["code"] for a in content(folder)["summary"]["actions"]] == ["no_action"]


def test_unrecorded_affection_is_not_called_unaffected(case: MakeCase, make: Make) -> None:
    first = pages(make(case("no_consent") | {"affected": "unknown"}))["en"].first
    assert "not recorded" in first
    assert "not affected" not in first


def test_identity_not_confirmed_is_told_neutrally(case: MakeCase, make: Make) -> None:
    folder = make(case("brca1"))
    assert "identity_not_confirmed" in {g["code"] for g in content(folder)["summary"]["gaps"]}
    for page in pages(folder).values():
        assert not re.search("kinship|relatedness|paternity|친자|親子", page.all)


def test_planted_variant_is_named_with_its_accession(case: MakeCase, make: Make) -> None:
    english = pages(make(case("brca1")))["en"]
    assert "BRCA1" in english.first
    assert "NM_007294.4:c.3113dup" in english.all
    assert "VariationID 54784" in english.all
    assert "reviewed by an expert panel" in english.all
    assert "depends on the clinical picture" in english.first


def test_covered_share_never_rounds_up_to_all(case: MakeCase, make: Make) -> None:
    english = pages(make(case("brca1")))["en"].all
    assert "5,590 of 5,592 coding bases (99.96%)" in english


def test_many_uncovered_genes_are_summed_up(case: MakeCase, make: Make) -> None:
    findings = case("nothing")
    region = findings["coverage"]["not_callable"][0]
    findings["coverage"]["not_callable"] = [
        region | {"gene": f"GENE{n}", "bases": n} for n in range(1, 9)
    ]
    gaps = content(make(findings))["summary"]["gaps"]
    told = next(gap for gap in gaps if gap["code"] == "genes_not_callable")
    assert told["values"] == {"n": 8, "genes": ["GENE8", "GENE7", "GENE6", "GENE5"], "bases": 36}


def test_pages_of_dropped_languages_go_away(case: MakeCase, make: Make) -> None:
    folder = make(case("jag1"))
    make(case("jag1"), language=["ko"])
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.json"]
    assert 'lang="ko"' in (folder / "report.html").read_text(encoding="utf-8")


def test_faults_name_the_place(case: MakeCase, make: Make) -> None:
    findings = case("jag1")
    findings["candidates"][0]["tier"] = "certain"
    findings["surprise"] = 1
    with pytest.raises(FaultError) as raised:
        make(findings)
    places = {fault.row for fault in raised.value.faults}
    assert places == {"$", "$.candidates[0].tier"}


def test_reason_without_its_value_is_a_fault(case: MakeCase, make: Make) -> None:
    findings = case("jag1")
    findings["candidates"][0]["reasons_for"][1]["values"] = {}
    with pytest.raises(FaultError, match="loss_of_function: found no consequence"):
        make(findings)


def test_broken_json_is_a_fault(tmp_path: Path, make: Make, case: MakeCase) -> None:
    broken = tmp_path / "cut.json"
    broken.write_text('{"version": 1,\n "person"', encoding="utf-8")
    with pytest.raises(FaultError, match="row 2"):
        make(case("jag1"), findings=broken)
    with pytest.raises(FaultError, match="no such file"):
        make(case("jag1"), findings=tmp_path / "absent.json")


@pytest.mark.parametrize(
    ("over", "found"),
    [
        ({"language": ["en", "fr"]}, "en, fr"),
        ({"language": ["en", "en"]}, "en, en"),
        ({"language": []}, "nothing"),
        ({"date": "1 June 2025"}, "1 June 2025"),
        ({"date": "20250601"}, "20250601"),
    ],
)
def test_wrong_options(over: Json, found: str, case: MakeCase, make: Make) -> None:
    with pytest.raises(FaultError, match=f"found {found}"):
        make(case("jag1"), **over)


def test_command(
    tmp_path: Path, case: MakeCase, findings_schema: Path, report_schema: Path, actions: Path
) -> None:
    folder = tmp_path / "한글 폴더"
    folder.mkdir()
    found = folder / "findings.json"
    found.write_bytes(b"\xef\xbb\xbf" + json.dumps(case("jag1")).encode())
    command = ["soyang", "reports", "report", "--findings", found, "--findings-schema",
               findings_schema, "--report-schema", report_schema, "--actions", actions,
               "--language", "ja", "--language", "en", "--date", "2025-06-01",
               "--title-note", "ja=架空の人です。",
               "--output", folder / "P001"]  # fmt: skip
    subprocess.run([str(word) for word in command], check=True)
    names = sorted(path.name for path in (folder / "P001").iterdir())
    assert names == ["report.en.html", "report.html", "report.json"]
    assert "架空の人です。" in (folder / "P001" / "report.html").read_text(encoding="utf-8")
    assert "架空の人です。" not in (folder / "P001" / "report.en.html").read_text(encoding="utf-8")
    assert str(tmp_path) not in (folder / "P001" / "report.html").read_text(encoding="utf-8")


def test_the_transcript_is_named_once(case: MakeCase, make: Make) -> None:
    page = (make(case("jag1")) / "report.html").read_text(encoding="utf-8")
    assert "NM_000214.3:c.1156_1159del" in page
    assert "NM_000214.3:NM_" not in page
