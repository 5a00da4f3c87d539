"""The arrows that layers alone cannot say. import-linter holds the layers (pyproject.toml)."""

import sys
from collections.abc import Iterator

import grimp
import pytest

STAGES = ("submit", "verify", "record", "decide", "register", "view", "feed")
UNTYPED = {"aiokafka", "kafka", "opa_client"}
"""Libraries without types: exempt from mypy, so kept where an adapter's contract suite tests them."""


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("sightline", include_external_packages=True, cache_dir=None)


def modules_of(imports: grimp.ImportGraph, prefix: str) -> list[str]:
    """Our modules whose dotted name begins with `prefix`, sorted."""
    return sorted(module for module in imports.modules if module.startswith(prefix))


def reached(imports: grimp.ImportGraph, module: str) -> Iterator[str]:
    """Every module of ours that importing `module` brings in, itself left out."""
    yield from (found for found in imports.find_upstream_modules(module) if found.startswith("sightline."))


def test_the_kernel_needs_the_standard_library_only(imports: grimp.ImportGraph) -> None:
    for module in modules_of(imports, "sightline.kernel"):
        outside = {
            name.partition(".")[0]
            for name in imports.find_modules_directly_imported_by(module)
            if not name.startswith("sightline.kernel")
        }
        assert outside <= sys.stdlib_module_names, f"{module} imports {outside - sys.stdlib_module_names}"


def test_the_verifier_stands_on_formats_and_kernel_alone(imports: grimp.ImportGraph) -> None:
    allowed = ("sightline.formats", "sightline.kernel", "sightline.audit.verify")
    for module in modules_of(imports, "sightline.audit.verify"):
        foreign = [found for found in reached(imports, module) if not found.startswith(allowed)]
        assert not foreign, f"{module} reaches {foreign}"


def test_auditor_and_partner_reach_no_stage(imports: grimp.ImportGraph) -> None:
    stages = tuple(f"sightline.{stage}" for stage in STAGES)
    for module in modules_of(imports, "sightline.audit") + modules_of(imports, "sightline.agency"):
        foreign = [found for found in reached(imports, module) if found.startswith(stages)]
        assert not foreign, f"{module} reaches {foreign}"


def test_untyped_libraries_stay_in_adapters_and_agency(imports: grimp.ImportGraph) -> None:
    for module in modules_of(imports, "sightline"):
        if not module.startswith(("sightline.adapters", "sightline.agency")):
            found = {name.partition(".")[0] for name in imports.find_modules_directly_imported_by(module)} & UNTYPED
            assert not found, f"{module} imports {found}"
