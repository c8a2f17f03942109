"""No method of a repository, and no statement in the storage package, forgets the tenant."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import concierge_core.storage

FOLDER = Path(concierge_core.storage.__file__).parent
# What serves all tenants at once: the connections, and the store that hands them out.
CONNECTIONS = {"SqlStore", "SqlUnit"}
MODULES = sorted(FOLDER.glob("*.py"))


def repositories() -> Iterator[ast.ClassDef]:
    for module in MODULES:
        for node in ast.parse(module.read_text()).body:
            if isinstance(node, ast.ClassDef) and node.name.startswith("Sql") and node.name not in CONNECTIONS:
                yield from [node] if any(isinstance(n, ast.AsyncFunctionDef) for n in node.body) else []


def public_methods(repository: ast.ClassDef) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        n
        for n in repository.body
        if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and not n.name.startswith("_")
    ]


REPOSITORIES = [c for c in repositories() if c.name not in {"SqliteDatabase", "SqliteThread"}]


@pytest.mark.parametrize("repository", REPOSITORIES, ids=lambda c: c.name)
def test_every_public_method_of_a_repository_takes_the_tenant_first(repository: ast.ClassDef) -> None:
    for method in public_methods(repository):
        first = method.args.args[1]
        assert first.arg == "tenant", f"{repository.name}.{method.name}"
        assert first.annotation is not None
        assert ast.unparse(first.annotation) == "TenantId", f"{repository.name}.{method.name}"


@pytest.mark.parametrize("module", MODULES, ids=lambda p: p.stem)
def test_every_statement_names_the_tenant(module: Path) -> None:
    for statement in ast.walk(ast.parse(module.read_text())):
        if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.Return | ast.Expr):
            continue
        calls = [n.func.id for n in ast.walk(statement) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
        if {"select", "update", "delete"} & set(calls):
            assert "tenant_id" in ast.unparse(statement), f"{module.name}:{statement.lineno}"


def test_all_repositories_of_the_unit_are_looked_at() -> None:
    unit = next(
        n for n in ast.walk(ast.parse((FOLDER / "store.py").read_text())) if getattr(n, "name", "") == "SqlUnit"
    )
    made = {n.func.id for n in ast.walk(unit) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    assert made == {c.name for c in REPOSITORIES} - {"SqlMessages", "SqlCounters"}


def test_every_table_is_keyed_by_the_tenant() -> None:
    from concierge_core.storage.schema import Model

    for table in Model.metadata.tables.values():
        assert not table.c.tenant_id.nullable
        keys = [list(table.primary_key.columns), *(list(i.columns) for i in table.indexes)]
        assert any(k[0].name == "tenant_id" for k in keys), table.name
        for index in table.indexes:
            assert next(iter(index.columns)).name == "tenant_id", f"{table.name}.{index.name}"
