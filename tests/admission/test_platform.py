"""What the settings name of the platform, before anything is asked."""

from __future__ import annotations

import pytest

from soyang.admission.knowledge import Place
from soyang.admission.platform import header_faults, platform_faults, secret_faults
from soyang.core.clinical import Platform


def codes(section):
    return [(f.code, f.column) for f in platform_faults(Platform.model_validate(section))]


def test_no_platform_has_no_fault():
    assert codes({}) == []


def test_missing_files_and_folders_are_all_named(tmp_path):
    gone = tmp_path / "없음"
    assert codes({"consents": gone, "hpo_sheet": gone, "lifelog": gone, "phenopackets": gone}) == [
        ("file-missing", "platform.consents"),
        ("file-missing", "platform.hpo_sheet"),
        ("folder-missing", "platform.phenopackets"),
        ("folder-missing", "platform.lifelog"),
    ]


def test_a_header_with_bom_and_crlf_is_read(tmp_path):
    table = tmp_path / "동의 표.tsv"
    table.write_bytes("\ufeffplatform_person_id\tscope\tdecision\r\n1\tall\tdeny\r\n".encode())
    assert codes({"consents": table}) == []
    table.write_text("person\tscope\n")
    (fault,) = platform_faults(Platform.model_validate({"consents": table}))
    assert fault.found == "no column platform_person_id, decision"
    assert fault.row == "1"


def test_a_secret_that_others_may_read_is_refused(tmp_path):
    uri = tmp_path / "uri"
    uri.write_text("postgresql://reader:geheim@localhost/cdm")
    uri.chmod(0o640)
    (fault,) = platform_faults(Platform.model_validate({"postgres": {"uri_file": uri}}))
    assert fault.code == "secret-readable"
    assert "0640" in fault.found and "geheim" not in str(fault)
    uri.chmod(0o600)
    assert codes({"postgres": {"uri_file": uri}}) == []


def test_an_unset_variable_is_named(monkeypatch):
    section = {"postgres": {"uri_variable": "SOYANG_TEST_URI"}}
    monkeypatch.delenv("SOYANG_TEST_URI", raising=False)
    assert codes(section) == [("secret-missing", "platform.postgres.uri_variable")]
    monkeypatch.setenv("SOYANG_TEST_URI", "postgresql://localhost/cdm")
    assert codes(section) == []


def test_keys_and_vocabulary_of_a_fhir_server(tmp_path):
    token = tmp_path / "token"
    token.write_text("t")
    token.chmod(0o644)
    section = {
        "fhir": {
            "base_url": "http://localhost:8090/fhir",
            "vocabulary": tmp_path / "gone",
            "token_file": token,
        }
    }
    assert codes(section) == [
        ("secret-readable", "platform.fhir.token_file"),
        ("file-missing", "platform.fhir.vocabulary"),
    ]


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_an_owner_only_file_is_a_kept_secret(tmp_path, mode):
    file = tmp_path / "key.pem"
    file.write_text("k")
    file.chmod(mode)
    assert list(secret_faults(Place("x", file))) == []


def test_a_table_that_is_not_utf8_is_said(tmp_path):
    table = tmp_path / "labels.csv"
    table.write_bytes("표현형,phecode\n".encode("cp949"))
    (fault,) = header_faults(Place("knowledge.phecodes.labels", table), ("phecode",), ",")
    assert fault.code == "not-utf8"
