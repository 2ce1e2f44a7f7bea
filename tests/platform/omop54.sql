-- Tables of the OMOP Common Data Model 5.4 that tests load, written after the public
-- specification (https://ohdsi.github.io/CommonDataModel/cdm54.html): all columns of each table,
-- in its order. PostgreSQL and DuckDB both take it.

CREATE TABLE person (
    person_id integer NOT NULL, gender_concept_id integer NOT NULL,
    year_of_birth integer NOT NULL, month_of_birth integer, day_of_birth integer,
    birth_datetime timestamp, race_concept_id integer NOT NULL,
    ethnicity_concept_id integer NOT NULL, location_id integer, provider_id integer,
    care_site_id integer, person_source_value varchar(50), gender_source_value varchar(50),
    gender_source_concept_id integer, race_source_value varchar(50),
    race_source_concept_id integer, ethnicity_source_value varchar(50),
    ethnicity_source_concept_id integer
);

CREATE TABLE observation_period (
    observation_period_id integer NOT NULL, person_id integer NOT NULL,
    observation_period_start_date date NOT NULL, observation_period_end_date date NOT NULL,
    period_type_concept_id integer NOT NULL
);

CREATE TABLE visit_occurrence (
    visit_occurrence_id integer NOT NULL, person_id integer NOT NULL,
    visit_concept_id integer NOT NULL, visit_start_date date NOT NULL,
    visit_start_datetime timestamp, visit_end_date date NOT NULL, visit_end_datetime timestamp,
    visit_type_concept_id integer NOT NULL, provider_id integer, care_site_id integer,
    visit_source_value varchar(50), visit_source_concept_id integer,
    admitted_from_concept_id integer, admitted_from_source_value varchar(50),
    discharged_to_concept_id integer, discharged_to_source_value varchar(50),
    preceding_visit_occurrence_id integer
);

CREATE TABLE condition_occurrence (
    condition_occurrence_id integer NOT NULL, person_id integer NOT NULL,
    condition_concept_id integer NOT NULL, condition_start_date date NOT NULL,
    condition_start_datetime timestamp, condition_end_date date, condition_end_datetime timestamp,
    condition_type_concept_id integer NOT NULL, condition_status_concept_id integer,
    stop_reason varchar(20), provider_id integer, visit_occurrence_id integer,
    visit_detail_id integer, condition_source_value varchar(50),
    condition_source_concept_id integer, condition_status_source_value varchar(50)
);

CREATE TABLE drug_exposure (
    drug_exposure_id integer NOT NULL, person_id integer NOT NULL,
    drug_concept_id integer NOT NULL, drug_exposure_start_date date NOT NULL,
    drug_exposure_start_datetime timestamp, drug_exposure_end_date date NOT NULL,
    drug_exposure_end_datetime timestamp, verbatim_end_date date,
    drug_type_concept_id integer NOT NULL, stop_reason varchar(20), refills integer,
    quantity numeric, days_supply integer, sig text, route_concept_id integer,
    lot_number varchar(50), provider_id integer, visit_occurrence_id integer,
    visit_detail_id integer, drug_source_value varchar(50), drug_source_concept_id integer,
    route_source_value varchar(50), dose_unit_source_value varchar(50)
);

CREATE TABLE procedure_occurrence (
    procedure_occurrence_id integer NOT NULL, person_id integer NOT NULL,
    procedure_concept_id integer NOT NULL, procedure_date date NOT NULL,
    procedure_datetime timestamp, procedure_end_date date, procedure_end_datetime timestamp,
    procedure_type_concept_id integer NOT NULL, modifier_concept_id integer, quantity integer,
    provider_id integer, visit_occurrence_id integer, visit_detail_id integer,
    procedure_source_value varchar(50), procedure_source_concept_id integer,
    modifier_source_value varchar(50)
);

CREATE TABLE measurement (
    measurement_id integer NOT NULL, person_id integer NOT NULL,
    measurement_concept_id integer NOT NULL, measurement_date date NOT NULL,
    measurement_datetime timestamp, measurement_time varchar(10),
    measurement_type_concept_id integer NOT NULL, operator_concept_id integer,
    value_as_number numeric, value_as_concept_id integer, unit_concept_id integer,
    range_low numeric, range_high numeric, provider_id integer, visit_occurrence_id integer,
    visit_detail_id integer, measurement_source_value varchar(50),
    measurement_source_concept_id integer, unit_source_value varchar(50),
    unit_source_concept_id integer, value_source_value varchar(50),
    measurement_event_id integer, meas_event_field_concept_id integer
);

CREATE TABLE observation (
    observation_id integer NOT NULL, person_id integer NOT NULL,
    observation_concept_id integer NOT NULL, observation_date date NOT NULL,
    observation_datetime timestamp, observation_type_concept_id integer NOT NULL,
    value_as_number numeric, value_as_string varchar(60), value_as_concept_id integer,
    qualifier_concept_id integer, unit_concept_id integer, provider_id integer,
    visit_occurrence_id integer, visit_detail_id integer, observation_source_value varchar(50),
    observation_source_concept_id integer, unit_source_value varchar(50),
    qualifier_source_value varchar(50), value_source_value varchar(50),
    observation_event_id integer, obs_event_field_concept_id integer
);

CREATE TABLE death (
    person_id integer NOT NULL, death_date date NOT NULL, death_datetime timestamp,
    death_type_concept_id integer, cause_concept_id integer, cause_source_value varchar(50),
    cause_source_concept_id integer
);

CREATE TABLE note (
    note_id integer NOT NULL, person_id integer NOT NULL, note_date date NOT NULL,
    note_datetime timestamp, note_type_concept_id integer NOT NULL,
    note_class_concept_id integer NOT NULL, note_title varchar(250), note_text text NOT NULL,
    encoding_concept_id integer NOT NULL, language_concept_id integer NOT NULL,
    provider_id integer, visit_occurrence_id integer, visit_detail_id integer,
    note_source_value varchar(50), note_event_id integer, note_event_field_concept_id integer
);

CREATE TABLE note_nlp (
    note_nlp_id integer NOT NULL, note_id integer NOT NULL, section_concept_id integer,
    snippet varchar(250), "offset" varchar(50), lexical_variant varchar(250) NOT NULL,
    note_nlp_concept_id integer, note_nlp_source_concept_id integer, nlp_system varchar(250),
    nlp_date date NOT NULL, nlp_datetime timestamp, term_exists varchar(1),
    term_temporal varchar(50), term_modifiers varchar(2000)
);

CREATE TABLE specimen (
    specimen_id integer NOT NULL, person_id integer NOT NULL,
    specimen_concept_id integer NOT NULL, specimen_type_concept_id integer NOT NULL,
    specimen_date date NOT NULL, specimen_datetime timestamp, quantity numeric,
    unit_concept_id integer, anatomic_site_concept_id integer, disease_status_concept_id integer,
    specimen_source_id varchar(50), specimen_source_value varchar(50),
    unit_source_value varchar(50), anatomic_site_source_value varchar(50),
    disease_status_source_value varchar(50)
);

CREATE TABLE care_site (
    care_site_id integer NOT NULL, care_site_name varchar(255),
    place_of_service_concept_id integer, location_id integer, care_site_source_value varchar(50),
    place_of_service_source_value varchar(50)
);

CREATE TABLE provider (
    provider_id integer NOT NULL, provider_name varchar(255), npi varchar(20), dea varchar(20),
    specialty_concept_id integer, care_site_id integer, year_of_birth integer,
    gender_concept_id integer, provider_source_value varchar(50),
    specialty_source_value varchar(50), specialty_source_concept_id integer,
    gender_source_value varchar(50), gender_source_concept_id integer
);

-- Not OMOP's, which has no consent: the table that sites keep beside it.
CREATE TABLE consent (
    person_id integer NOT NULL, scope varchar(50) NOT NULL, decision varchar(10) NOT NULL,
    valid_from date, valid_until date, given_by varchar(20), assent varchar(20), duo varchar(100),
    recorded date
);

CREATE TABLE cdm_source (
    cdm_source_name varchar(255) NOT NULL, cdm_source_abbreviation varchar(25) NOT NULL,
    cdm_holder varchar(255) NOT NULL, source_description text,
    source_documentation_reference varchar(255), cdm_etl_reference varchar(255),
    source_release_date date NOT NULL, cdm_release_date date NOT NULL, cdm_version varchar(10),
    cdm_version_concept_id integer NOT NULL, vocabulary_version varchar(20) NOT NULL
);

CREATE TABLE concept (
    concept_id integer NOT NULL, concept_name varchar(255) NOT NULL,
    domain_id varchar(20) NOT NULL, vocabulary_id varchar(20) NOT NULL,
    concept_class_id varchar(20) NOT NULL, standard_concept varchar(1),
    concept_code varchar(50) NOT NULL, valid_start_date date NOT NULL,
    valid_end_date date NOT NULL, invalid_reason varchar(1)
);

CREATE TABLE vocabulary (
    vocabulary_id varchar(20) NOT NULL, vocabulary_name varchar(255) NOT NULL,
    vocabulary_reference varchar(255), vocabulary_version varchar(255),
    vocabulary_concept_id integer NOT NULL
);

CREATE TABLE concept_relationship (
    concept_id_1 integer NOT NULL, concept_id_2 integer NOT NULL,
    relationship_id varchar(20) NOT NULL, valid_start_date date NOT NULL,
    valid_end_date date NOT NULL, invalid_reason varchar(1)
);

CREATE TABLE concept_ancestor (
    ancestor_concept_id integer NOT NULL, descendant_concept_id integer NOT NULL,
    min_levels_of_separation integer NOT NULL, max_levels_of_separation integer NOT NULL
);
