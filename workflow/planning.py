"""Changes to Snakemake with which a plan of 10,000 samples takes minutes, and is the same plan.

Planning takes Snakemake a time that grows with the square of the samples, since it looks for a
file among the inputs of a rule that gathers all samples by comparing it with each; and it asks the
same of every step in each of several passes. The changes below alter no answer, only how fast it
is given; nodes of a cluster, which plan one job each, do without.

They follow Snakemake 9.27 (``dag.py``, ``jobs.py``, ``io/__init__.py``, ``output_index.py``,
``persistence/``), which the lock pins; ``tests/workflow/test_planning.py`` compares each of them
with what it replaces.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from snakemake import common, io, iocontainers, jobs, rules
from snakemake.iocontainers import InputFiles, Params
from snakemake.output_index import OutputIndex
from snakemake.persistence import PersistenceBase
from snakemake.persistence.db import DbPersistence
from snakemake.persistence.file import FilePersistence

FEW = 16
"""Inputs up to which comparing with each is as fast as a set."""
SELDOM = (200_000, 20, 100)
"""Thresholds of the collection of cycles (gc.set_threshold): a plan is millions of objects that
stay, and looking through them at Python's own thresholds takes a fifth of its time."""
COMPARISONS = (
    "has_metadata", "has_outdated_metadata", "params_changed", "input_changed", "code_changed",
    "software_stack_changed",
)  # fmt: skip
"""What Snakemake asks of the record of how a step's outputs were made."""


def plan_faster() -> None:
    """Make every change of this module."""
    gc.set_threshold(*SELDOM)
    find_inputs_by_set()
    remember_parameters_of_functions()
    compare_with_records_once()
    name_environments_without_parameters()
    expand_compared_parameters_only()
    read_records_at_once()
    look_up_flags_directly()
    look_up_existence_first()
    remember_producers()
    look_at_outputs_once()
    share_guards()


def find_inputs_by_set() -> None:
    """Let ``file in inputs`` take the same time however many inputs there are."""
    plain = list.__contains__

    def contains(self: Any, file: object) -> bool:
        if len(self) <= FEW:
            return plain(self, file)
        known = self.__dict__.get("_soyang_known")
        if known is None or known[0] != len(self):
            known = len(self), frozenset(map(str, self))
            self.__dict__["_soyang_known"] = known
        return str(file) in known[1]

    InputFiles.__contains__ = contains


def remember_parameters_of_functions() -> None:
    """Look up only once which arguments an input function takes."""
    remembered = cache(common.get_function_params)
    for module in (common, jobs, rules):
        module.get_function_params = remembered


def compare_with_records_once() -> None:
    """Compare a step with its outputs' records once, until a record changes.

    A step whose inputs or parameters change, as a checkpoint may have it, is another object.
    """
    known: dict[tuple[str, Any], Any] = {}
    for name in COMPARISONS:
        setattr(PersistenceBase, name, _once(name, getattr(PersistenceBase, name), known))
    for backend in (FilePersistence, DbPersistence):
        backend._clear_cache = _forgetting(backend._clear_cache, known)


def _once(name: str, plain: Any, known: dict[tuple[str, Any], Any]) -> Any:
    def compared(self: Any, job: Any, file: Any = None) -> Any:
        if file is not None:
            return plain(self, job, file=file)
        key = (name, job)
        if key not in known:
            found = plain(self, job)
            known[key] = tuple(found) if isinstance(found, Iterator) else found
        return known[key]

    return compared


def _forgetting(plain: Any, known: dict[tuple[str, Any], Any]) -> Any:
    def clear(self: Any) -> None:
        known.clear()
        plain(self)

    return clear


def name_environments_without_parameters() -> None:
    """Expand a step's parameters for its conda environment only where a function names that."""
    plain = jobs.Job.conda_env_spec.fget

    def spec(self: Any) -> Any:
        if callable(self.rule.conda_env):
            return plain(self)
        if self._conda_env_spec is None:
            self._conda_env_spec = self.rule.expand_conda_env(self.wildcards_dict)
        return self._conda_env_spec

    jobs.Job.conda_env_spec = property(spec)


def expand_compared_parameters_only() -> None:
    """Of a step that is compared with its record, expand the parameters that are compared.

    Those that depend on its inputs, outputs, threads or resources are not; they are expanded for a
    step that is to be run. Where none of the others depends on the step, they are expanded once.
    """

    def non_derived(self: Any) -> Any:
        if self._non_derived_params is None:
            whole, (kept, alike) = self.rule._params, compared(self.rule)
            found = common_to_all.get(self.rule) if alike else None
            if found is None:
                try:
                    self.rule._params = kept
                    _, found = self.rule.expand_params(
                        self.wildcards_dict, _Files(self.input), _Files(self.output), self
                    )
                finally:
                    self.rule._params = whole
            if alike:
                common_to_all[self.rule] = found
            self._non_derived_params = found
        return self._non_derived_params

    @cache
    def compared(rule: Any) -> tuple[Any, bool]:
        """Parameters that are compared, and whether they are the same for every step."""
        kept = Params([item for item in rule.params if not rule._is_deriving_function(item)])
        return kept, not any(io.is_callable(item) or "{" in repr(item) for item in kept)

    common_to_all: dict[Any, Any] = {}
    jobs.Job.non_derived_params = property(non_derived)


class _Files(list[Any]):
    """Files for parameters that may not ask for them: only whether a file is among them."""

    def _plainstrings(self) -> _Files:
        return self


def read_records_at_once() -> None:
    """Open a record without asking first whether it is there."""
    plain = FilePersistence._io_read

    def read(self: Any, subject: Any, id: Any) -> Any:
        try:
            with Path(self._record_path(subject, id)).open("rb", buffering=0) as record:
                return json.loads(record.read())
        except (OSError, ValueError):
            return plain(self, subject, id)

    FilePersistence._io_read = read


def look_up_flags_directly() -> None:
    """Ask a file for its flags without asking first whether it is of a kind that may have some."""
    plain = io.is_flagged

    def is_flagged(value: Any, flag: str) -> bool:
        if type(value) is io._IOFile:
            value = value._file
        kind = type(value)
        if kind is str:
            return False
        if kind is io.AnnotatedString:
            return bool(value._flags.get(flag))
        return bool(plain(value, flag))

    def is_storage(self: Any) -> bool:
        flags = getattr(self._file, "_flags", None)
        return bool(flags and flags.get("storage_object"))

    for module in list(sys.modules.values()):
        if getattr(module, "is_flagged", None) is plain:
            module.is_flagged = is_flagged  # type: ignore[attr-defined]
    io._IOFile.is_storage = property(is_storage)


def look_up_existence_first() -> None:
    """Find a file in what is known of it before its folder, or a way to look it up, is made out."""
    known = dict.__contains__
    plain = io._IOFile.exists

    def contains(self: Any, path: Any) -> bool:
        if known(self, path):
            return True
        return isinstance(path, io._IOFile) and path.get_inventory_parent() in self.has_inventory

    async def exists(self: Any) -> bool:
        cache = self.rule.workflow.iocache
        if cache.active and not self.is_storage:
            found = cache.exists_local.get(self)
            if found is not None:
                return bool(found)
        return bool(await plain(self))

    io.ExistsDict.__contains__ = contains
    io._IOFile.exists = exists


def remember_producers() -> None:
    """Look up the rules that make a file once; a change of the rules is another index."""
    plain = OutputIndex.match_producers

    def match(self: Any, targetfile: str) -> Any:
        producers, alike = self.__dict__.setdefault("_soyang_known", ({}, {}))
        found = producers.get(targetfile)
        if found is None:
            found = frozenset(plain(self, targetfile))
            found = producers[str(targetfile)] = alike.setdefault(found, found)
        return found

    OutputIndex.match_producers = match


def look_at_outputs_once() -> None:
    """Look at the age of a step's outputs once for as long as Snakemake trusts what it knows.

    It does until the first step begins.
    """

    async def oldest(self: Any) -> Any:
        cache = self.rule.workflow.iocache
        known = cache.__dict__.setdefault("_soyang_known", {}) if cache.active else {}
        if self not in known:
            files = [*self.output, *([self.benchmark] if self.benchmark else [])]
            known[self] = min(
                [(await file.mtime()).local_or_storage() for file in files if await file.exists()],
                default=None,
            )
        return known[self]

    jobs.Job.output_mintime = property(oldest)


def share_guards() -> None:
    """Let all lists of files share the guards of their names, which hold nothing but the name."""
    shared: dict[str, Any] = {}

    def new(cls: Any, name: str) -> Any:
        if name not in shared:
            shared[name] = object.__new__(cls)
        return shared[name]

    iocontainers.AttributeGuard.__new__ = new
