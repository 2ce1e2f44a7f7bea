"""Settings of the platform: one source, no secret, TLS."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from soyang.core.clinical import Fhir, Phenotypes, Platform, Postgres, Spark
from soyang.core.settings import examine


def refused(model, section, said):
    with pytest.raises(ValidationError) as error:
        model.model_validate(section)
    assert said in str(error.value)


def test_no_platform_is_allowed():
    assert Platform.model_validate({}).kind == ""


def test_kind_names_the_source():
    assert Platform.model_validate({"omop": "a.duckdb"}).kind == "omop"
    assert Platform.model_validate({"spark": {"folder": "omop"}}).kind == "spark"


def test_two_sources_are_refused():
    two = {"omop": "a.duckdb", "postgres": {"uri_file": "u"}}
    refused(Platform, two, "one source of records, not omop and postgres")


def test_a_uri_in_the_settings_is_refused():
    refused(Postgres, {"uri": "postgresql://u:p@h/d"}, "Extra inputs")
    refused(Postgres, {}, "one of uri_file and uri_variable")
    refused(Postgres, {"uri_file": "u", "uri_variable": "V"}, "one of")


def test_spark_needs_one_place():
    refused(Spark, {}, "one of folder and cdm_schema")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://fhir.example/r4", "https"),
        ("https://user:word@fhir.example/r4", "without user and password"),
        ("ftp://fhir.example", "https"),
    ],
)
def test_urls_are_safe(url, said):
    refused(Fhir, {"base_url": url, "vocabulary": "v"}, said)


def test_a_server_on_this_machine_may_speak_http():
    fhir = Fhir.model_validate({"base_url": "http://127.0.0.1:8090/fhir/", "vocabulary": "v"})
    assert fhir.base_url == "http://127.0.0.1:8090/fhir"


def test_a_client_is_whole_and_the_only_credential():
    base = {"base_url": "https://f.example", "vocabulary": "v"}
    refused(Fhir, base | {"client_id": "soyang"}, "together")
    client = {"token_url": "https://a.example/t", "client_id": "c", "key_file": "k"}
    refused(Fhir, base | client | {"token_file": "t"}, "one of key_file and token_file")
    assert Fhir.model_validate(base | client).key_file == Path("k")


def test_time_zone_is_known():
    assert Phenotypes.model_validate({"time_zone": "Asia/Tokyo"}).time_zone == "Asia/Tokyo"
    refused(Phenotypes, {"time_zone": "Asia/Soyang"}, "a time zone")


def test_a_refused_password_is_not_repeated(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text(
        "platform:\n  fhir:\n    base_url: https://user:geheim@f.example\n    vocabulary: v\n"
    )
    faults = examine([file]).faults
    (fault,) = [f for f in faults if f.column == "platform.fhir.base_url"]
    assert fault.found == "'https://…@f.example'"
    assert not any("geheim" in str(f) for f in faults)
