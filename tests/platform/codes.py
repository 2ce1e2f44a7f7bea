"""The codes that the synthetic platform uses.

KCD (Statistics Korea) extends the WHO's ICD-10; SNOMED CT, LOINC, UCUM and RxNorm codes are single
facts. EDI codes are invented in the shape of the Korean ones. OMOP concepts are numbered by the
generator from 2,000,000,000, the range that OMOP leaves to sites, but for a few that everybody
knows.
"""

from __future__ import annotations

from typing import NamedTuple

FIRST_CONCEPT = 2_000_000_000
ABSENT, NO = 4_132_135, 4_188_540
PRESENT = 4_181_412
EHR, OUTPATIENT, INPATIENT = 32_817, 9_202, 9_201
MALE, FEMALE = 8_507, 8_532
KOREAN = 38_003_585
CDM_VERSION = 756_265

KNOWN = (
    (0, "No matching concept", "Metadata", "None", "Undefined", None, "No matching concept"),
    (ABSENT, "Absent", "Meas Value", "SNOMED", "Qualifier Value", "S", "2667000"),
    (NO, "No", "Meas Value", "SNOMED", "Qualifier Value", "S", "373067005"),
    (PRESENT, "Present", "Meas Value", "SNOMED", "Qualifier Value", "S", "52101004"),
    (MALE, "MALE", "Gender", "Gender", "Gender", "S", "M"),
    (FEMALE, "FEMALE", "Gender", "Gender", "Gender", "S", "F"),
    (KOREAN, "Korean", "Race", "Race", "Race", "S", "2.11"),
    (OUTPATIENT, "Outpatient Visit", "Visit", "Visit", "Visit", "S", "OP"),
    (INPATIENT, "Inpatient Visit", "Visit", "Visit", "Visit", "S", "IP"),
    (EHR, "EHR", "Type Concept", "Type Concept", "Type Concept", "S", "OMOP4976890"),
    (8_840, "milligram per deciliter", "Unit", "UCUM", "Unit", "S", "mg/dL"),
    (8_753, "millimole per liter", "Unit", "UCUM", "Unit", "S", "mmol/L"),
    (8_554, "percent", "Unit", "UCUM", "Unit", "S", "%"),
    (8_713, "gram per deciliter", "Unit", "UCUM", "Unit", "S", "g/dL"),
)
"""concept_id, name, domain, vocabulary, class, standard, code."""

UNITS = {"mg/dL": 8_840, "mmol/L": 8_753, "%": 8_554, "g/dL": 8_713}


class Code(NamedTuple):
    """A code of a hospital and the standard concept (vocabulary and code) that it maps to."""

    vocabulary: str
    code: str
    name: str
    standard: str = ""
    """Code in the domain's standard vocabulary; ``""``: the site maps it to nothing."""


CONDITIONS = (
    Code("KCD7", "E11.9", "제2형 당뇨병, 합병증을 동반하지 않은", "44054006"),
    Code("KCD7", "E11.40", "다발신경병증을 동반한 2형 당뇨병", "44054006"),
    Code("KCD7", "I10.9", "기타 및 상세불명의 원발성 고혈압", "59621000"),
    Code("KCD7", "N18.5", "만성 신장병(5기)", "433146000"),
    Code("KCD7", "G40.9", "상세불명의 뇌전증", "84757009"),
    Code("KCD7", "R56.8", "기타 및 상세불명의 경련", "91175000"),
    Code("KCD7", "H90.3", "양쪽 감각신경성 청력소실", "60700002"),
    Code("KCD7", "Q21.3", "팔로네징후", "86299006"),
    Code("KCD7", "D50.9", "상세불명의 철결핍빈혈", "87522002"),
    Code("KCD7", "E78.0", "순수고콜레스테롤혈증", "13644009"),
    Code("KCD7", "J45.9", "상세불명의 천식", "195967001"),
    Code("KCD7", "M32.9", "상세불명의 전신홍반루푸스", "55464009"),
    Code("KCD7", "G71.0", "근디스트로피", "73297009"),
    Code("KCD7", "K74.6", "기타 및 상세불명의 간경변증", "19943007"),
    Code("KCD7", "C92.0", "급성 골수모구성 백혈병", "91861009"),
    Code("KCD7", "J06.9", "상세불명의 급성 상기도감염", "54150009"),
    Code("KCD8", "G12.2", "운동신경세포병", "37340000"),
    Code("KCD8", "E119", "제2형 당뇨병, 합병증을 동반하지 않은", "44054006"),
    Code("KCD8", "J069", "상세불명의 급성 상기도감염", "54150009"),
    Code("KCD8", "U23.9", "사상체질병증"),
    Code("", "H-0417", "local code of one hospital"),
)
"""Diagnoses; those without a standard concept are rare: 1 % of the records together."""

FINDINGS = (
    Code("KCD7", "R27.0", "상세불명의 운동실조", "20262006"),
    Code("KCD7", "R62.8", "기타 정상 생리적 발달의 결여", "248290002"),
    Code("KCD7", "R01.1", "상세불명의 심잡음", "88610006"),
    Code("KCD7", "Z86.7", "순환계통질환의 개인력"),
    Code("", "smoking_yn", "question of one hospital"),
)

TESTS = (
    Code("EDI", "D2280000", "나트륨", "2951-2"),
    Code("EDI", "D2290000", "칼륨", "2823-3"),
    Code("EDI", "D2280001", "크레아티닌", "2160-0"),
    Code("EDI", "D1001000", "혈색소", "718-7"),
    Code("EDI", "D3022000", "포도당", "2345-7"),
    Code("EDI", "D3061000", "당화혈색소", "4548-4"),
    Code("EDI", "D2611000", "총콜레스테롤", "2093-3"),
    Code("EDI", "D1850000", "총빌리루빈", "1975-2"),
    *(Code("EDI", f"D9{number:03}000", f"검사 {number}") for number in range(1, 16)),
    Code("", "LAB_원내01", "local test of one hospital"),
    Code("", "POCT-7", "local test of one hospital"),
    Code("", "XX", "local test of one hospital"),
)
"""8 of 26, 31 %, lead to LOINC: the share in Korea's national OMOP."""

MEDICINES = (
    Code("EDI", "642901230", "메트포르민 500mg", "6809"),
    Code("EDI", "643500410", "암로디핀 5mg", "17767"),
    Code("EDI", "645100920", "레비티라세탐 500mg", "114477"),
    Code("EDI", "648900030", "아토르바스타틴 10mg", "83367"),
    Code("EDI", "650000110", "한약제제"),
    Code("", "약-0417", "local code of one hospital"),
)

PROCEDURES = (
    Code("EDI", "X5061", "동종골수이식", "23719005"),
    Code("EDI", "X2022", "적혈구 수혈", "116859006"),
    Code("EDI", "E6541", "심전도", "29303009"),
    Code("EDI", "M0060", "처치"),
)

SNOMED = {
    "404684003": ("Clinical finding", ""),
    "118940003": ("Disorder of nervous system", "404684003"),
    "49601007": ("Disorder of cardiovascular system", "404684003"),
    "73211009": ("Diabetes mellitus", "404684003"),
    "44054006": ("Type 2 diabetes mellitus", "73211009"),
    "38341003": ("Hypertensive disorder", "49601007"),
    "59621000": ("Essential hypertension", "38341003"),
    "709044004": ("Chronic kidney disease", "404684003"),
    "433146000": ("Chronic kidney disease stage 5", "709044004"),
    "84757009": ("Epilepsy", "118940003"),
    "91175000": ("Seizure", "118940003"),
    "15188001": ("Hearing loss", "404684003"),
    "60700002": ("Sensorineural hearing loss", "15188001"),
    "86299006": ("Tetralogy of Fallot", "49601007"),
    "87522002": ("Iron deficiency anemia", "404684003"),
    "13644009": ("Hypercholesterolemia", "404684003"),
    "195967001": ("Asthma", "404684003"),
    "55464009": ("Systemic lupus erythematosus", "404684003"),
    "73297009": ("Muscular dystrophy", "404684003"),
    "19943007": ("Cirrhosis of liver", "404684003"),
    "91861009": ("Acute myeloid leukemia", "404684003"),
    "54150009": ("Upper respiratory infection", "404684003"),
    "37340000": ("Motor neuron disease", "118940003"),
    "20262006": ("Ataxia", "118940003"),
    "248290002": ("Developmental delay", "404684003"),
    "88610006": ("Heart murmur", "404684003"),
    "71388002": ("Procedure", ""),
    "77465005": ("Transplantation", "71388002"),
    "23719005": ("Transplantation of bone marrow", "77465005"),
    "116859006": ("Transfusion of blood product", "71388002"),
    "29303009": ("Electrocardiographic procedure", "71388002"),
    "119297000": ("Blood specimen", ""),
}
"""Code to name and parent, a small part of the hierarchy."""

LOINC = {
    "2951-2": ("Sodium [Moles/volume] in Serum or Plasma", "mmol/L", 139.0, 4.0, 135.0, 145.0),
    "2823-3": ("Potassium [Moles/volume] in Serum or Plasma", "mmol/L", 4.2, 0.6, 3.5, 5.1),
    "2160-0": ("Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", 1.0, 0.5, 0.6, 1.2),
    "718-7": ("Hemoglobin [Mass/volume] in Blood", "g/dL", 13.0, 2.0, 12.0, 16.0),
    "2345-7": ("Glucose [Mass/volume] in Serum or Plasma", "mg/dL", 120.0, 40.0, 70.0, 99.0),
    "4548-4": ("Hemoglobin A1c/Hemoglobin.total in Blood", "%", 6.2, 1.1, 4.0, 5.6),
    "2093-3": ("Cholesterol [Mass/volume] in Serum or Plasma", "mg/dL", 195.0, 40.0, 0.0, 200.0),
    "1975-2": ("Bilirubin.total [Mass/volume] in Serum or Plasma", "mg/dL", 0.9, 0.7, 0.2, 1.2),
}
"""Code to name, unit, mean and deviation of invented values, and a usual reference range."""

RXNORM = {
    "6809": "metformin",
    "17767": "amlodipine",
    "114477": "levetiracetam",
    "83367": "atorvastatin",
}

HOSPITALS = (
    "한빛대학교병원", "가온의료원", "나래병원", "다솜어린이병원", "라온 대학교 병원", "마루병원",
    "Saebyeok Hospital", "아라의료원", "자람병원", "초롱 병원 (분원)",
)  # fmt: skip
"""Names of hospitals that don't exist."""
