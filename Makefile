# Soyang. `make demo` runs the main job on a demo cohort, `make test` proves that it works;
# both set up all they need. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(PATH)
PYTHON := .venv/bin/python
SHARED ?= $(or $(SOYANG_SHARED_DATA),../shared/data)
CORES ?= $(shell nproc)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 16

.PHONY: setup
setup: ## install system packages and .venv where they are missing
	@scripts/setup.sh

.PHONY: demo
demo: gatk ## make the demo cohort, run the workflow on it, print ledger and reports
	@$(PYTHON) scripts/demo/make_cohort.py --output demo
	@$(PYTHON) workflow/run.py --directory demo --cores $(CORES)

.PHONY: real
real: gatk ## real reads of NA12878 over BRCA1, as they are and with a planted variant
	@$(PYTHON) scripts/real/prepare.py --shared $(SHARED) --output real
	@$(PYTHON) scripts/real/prepare.py --shared $(SHARED) --output real/planted --plant
	@$(PYTHON) workflow/run.py --directory real --cores $(CORES)
	@$(PYTHON) workflow/run.py --directory real/planted --cores $(CORES)
	@$(PYTHON) scripts/real/show.py --plain real --planted real/planted

.PHONY: test
test: gatk ## the quick tests
	@$(PYTHON) -m pytest -m "not slow and not workflow and not browser and not platform and not slurm" -n 2 \
	    --timeout 600

.PHONY: vep
vep: setup ## VEP's consequences (vepyr) in an environment of their own, .vep
	@scripts/setup_vep.sh

.PHONY: gatk
gatk: setup ## GATK, the default caller, from Maven Central
	@scripts/setup_gatk.sh

.PHONY: test-slow
test-slow: gatk vep ## the slow tests: whole workflow, browser, every caller
	@$(PYTHON) -m pytest -m "(slow or workflow or browser) and not platform and not slurm and not faults" \
	    -n 2 --dist loadfile

.PHONY: test-faults
test-faults: gatk ## faults that a run survives: killed tools, full disk, broken files
	@$(PYTHON) -m pytest -m "faults and not slurm"

.PHONY: test-slurm
test-slurm: gatk ## real Slurm on this machine, with a worker killed in the middle
	@scripts/setup.sh resources/slurm-packages.txt
	@$(PYTHON) -m pytest -m slurm

.PHONY: test-platform
test-platform: setup ## the platform live: DuckDB, PostgreSQL, Spark, FHIR
	@$(PYTHON) -m pytest -m platform

.PHONY: lint
lint: setup ## ruff, mypy, snakefmt, snakemake --lint
	@ruff check .
	@ruff format --check .
	@mypy
	@snakefmt --check Snakefile workflow/rules
	@snakemake --lint --configfile config/config.yaml

.PHONY: lock
lock: setup ## make the lock files anew from pyproject.toml
	@.uv/bin/uv pip compile --quiet --python-version 3.11 pyproject.toml --group dev \
	    --upgrade --generate-hashes --no-annotate --no-header --no-emit-index-url \
	    --no-emit-find-links --output-file requirements.lock

.PHONY: bench
bench: bench-reads bench-accuracy bench-structural bench-copy-number bench-overhead bench-platform bench-annotation ## all benchmarks

.PHONY: bench-reads
bench-reads: gatk ## FASTQ to VCF against the usual chain, and against GATK's steps
	@scripts/setup.sh resources/bench-packages.txt
	@$(PYTHON) scripts/bench/bench_reads.py

.PHONY: bench-accuracy
bench-accuracy: gatk ## each caller against simulated truth, at several depths
	@$(PYTHON) scripts/bench/bench_accuracy.py

.PHONY: bench-structural
bench-structural: setup ## structural variants against simulated truth, scored with truvari
	@$(PYTHON) scripts/bench/bench_structural.py

.PHONY: bench-copy-number
bench-copy-number: setup ## copy number and the mitochondrion against simulated truth
	@$(PYTHON) scripts/bench/bench_copy_number.py

.PHONY: bench-overhead
bench-overhead: setup ## the workflow's own cost at 10 to 10,000 samples
	@$(PYTHON) scripts/bench/bench_overhead.py

.PHONY: bench-platform
bench-platform: setup ## the platform asked, against DuckDB by hand, pandas, rows pulled
	@$(PYTHON) scripts/bench/bench_platform.py

.PHONY: bench-annotation
bench-annotation: setup ## a whole genome annotated, against bcftools annotate, vcfanno, SnpEff
	@scripts/setup.sh resources/bench-packages.txt
	@$(PYTHON) scripts/bench/bench_annotation.py

.PHONY: evaluate-annotation
evaluate-annotation: setup ## accuracy of annotation on the evaluation data (SHARED=folder)
	@scripts/setup.sh resources/evaluation-packages.txt
	@$(PYTHON) scripts/evaluate/annotation.py

.PHONY: evaluate-identity
evaluate-identity: setup ## the gate on 200 synthetic people with swaps, duplicates, contamination
	@$(PYTHON) scripts/evaluate/identity.py

.PHONY: evaluate-callers
evaluate-callers: gatk ## demo cohort and real reads with each caller (SHARED=folder): agreement
	@$(PYTHON) scripts/evaluate/callers.py --shared $(SHARED)

.PHONY: clean
clean: ## remove what demo, real and benchmarks made
	rm -rf demo real bench build
