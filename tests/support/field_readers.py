"""Which fields of the tenant's model our code reads: a small inference of types over the source itself.

It follows what has a section of the model as its type: annotated arguments, attributes and results, `.tenant` of
anything, and from there attributes, loops, methods and plain assignments. The model's own validators don't count.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from concierge_core.tenant.model import ConciergeTenant
from concierge_core.tenant.values import SecretRef, Section

Section_ = type[BaseModel]
_PASSING = {"next", "list", "tuple", "sorted", "reversed", "iter", "deepcopy", "replace"}


_FOR_A_CLUSTER = {"render.py"}
"""Verbs that speak of a cluster and run nothing here."""


def sections() -> dict[str, Section_]:
    """Every section of the model by its class's name."""
    found: dict[str, Section_] = {}

    def add(kind: Any) -> None:
        if isinstance(kind, type) and issubclass(kind, Section) and kind.__name__ not in found:
            found[kind.__name__] = kind
            for info in kind.model_fields.values():
                add(info.annotation)
        for part in get_args(kind):
            add(part)

    add(ConciergeTenant)
    return found


def read_fields(folder: Path) -> set[tuple[str, str]]:
    """Class and field name of every field that some module below the folder reads on one machine."""
    modules = [path for path in sorted(folder.rglob("*.py")) if path.name not in _FOR_A_CLUSTER]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in modules]
    known = _Known(sections())
    for _ in range(2):  # what one module tells about a name may be needed in an earlier one
        for tree in trees:
            known.enter(tree)
            _Reader(known, {}).body(tree.body)
    return known.read


@dataclass
class _Known:
    """What names mean everywhere, and what was read."""

    sections: dict[str, Section_]

    def __post_init__(self) -> None:
        self.attributes: dict[str, Section_] = {"tenant": ConciergeTenant}
        self.results: dict[str, Section_] = {}
        self.read: set[tuple[str, str]] = set()
        self.here: set[str] = set()

    def enter(self, tree: ast.Module) -> None:
        """Learn the annotated attributes of a module's classes, and the results of its functions."""
        self.here = _names_of_sections(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (kind := self.named(node.returns)):
                self.results[node.name] = kind
            if isinstance(node, ast.ClassDef) and node.name not in self.here:
                for line in node.body:
                    if isinstance(line, ast.AnnAssign) and (kind := self.named(line.annotation)):
                        self.attributes[ast.unparse(line.target)] = kind

    def named(self, annotation: ast.expr | None) -> Section_ | None:
        """The section that an annotation names, also as `list[X]` or `X | None`."""
        words = re.findall(r"\w+", ast.unparse(annotation)) if annotation else []
        return next((self.sections[word] for word in words if word in self.here & self.sections.keys()), None)

    def field(self, section: Section_, name: str) -> Section_ | None:
        """Note the read; the section that the field leads to."""
        if name in section.model_fields:
            self.read.add((section.__name__, name))
            return section_in(section.model_fields[name].annotation)
        return self.results.get(name)

    def whole(self, section: Section_) -> None:
        """Note that everything in it is read; whoever copies the whole tenant reads nothing by that."""
        if section.__name__ in ("ConciergeTenant", "TenantSpec"):
            return
        for name, info in section.model_fields.items():
            self.read.add((section.__name__, name))
            if (inner := section_in(info.annotation)) and (
                inner.__name__,
                next(iter(inner.model_fields)),
            ) not in self.read:
                self.whole(inner)


class _Reader:
    """One scope: what its names hold."""

    def __init__(self, known: _Known, names: dict[str, Section_]) -> None:
        self.known = known
        self.names = names

    def body(self, lines: list[ast.stmt], owner: str = "") -> None:
        for line in lines:
            self.line(line, owner)

    def line(self, line: ast.stmt, owner: str) -> None:
        if isinstance(line, ast.ClassDef):
            return self.body(line.body, line.name)
        if isinstance(line, ast.FunctionDef | ast.AsyncFunctionDef):
            return self._function(line, owner)
        for part in _expressions(line):
            self.kind(part)
        if isinstance(line, ast.Assign):
            for target in line.targets:
                self._bind(target, line.value)
        if isinstance(line, ast.For | ast.AsyncFor):
            self._bind(line.target, line.iter)
        for inner in ("body", "orelse", "finalbody"):
            self.body(getattr(line, inner, []), owner)
        for handler in getattr(line, "handlers", []):
            self.body(handler.body, owner)

    def _function(self, function: ast.FunctionDef | ast.AsyncFunctionDef, owner: str) -> None:
        validates = any("validator" in ast.unparse(each) for each in function.decorator_list)
        is_models_own = owner in self.known.here & self.known.sections.keys() and function.name.startswith("_")
        if validates or is_models_own or function.name.startswith("_refuse_"):
            return
        inner = _Reader(self.known, dict(self.names))
        arguments = function.args
        for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
            inner.names.pop(argument.arg, None)
            if kind := self.known.named(argument.annotation):
                inner.names[argument.arg] = kind
        if owner in self.known.here & self.known.sections.keys():
            inner.names["self"] = self.known.sections[owner]
        inner.body(function.body)

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, other in zip(target.elts, value.elts, strict=False):
                self._bind(one, other)
        elif isinstance(target, ast.Tuple):  # for i, each in enumerate(…)
            self._bind(target.elts[-1], value)
        elif isinstance(target, ast.Name):
            kind = self.kind(value)
            if kind:
                self.names[target.id] = kind
            else:
                self.names.pop(target.id, None)
        elif isinstance(target, ast.Attribute) and (kind := self.kind(value)):
            self.known.attributes.setdefault(target.attr, kind)

    def kind(self, node: ast.AST | None) -> Section_ | None:
        """The section (or list of them) that an expression holds; notes every read on the way."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute):
            section = self.kind(node.value)
            return self.known.field(section, node.attr) if section else self.known.attributes.get(node.attr)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp):
            return self._comprehension(node)
        if isinstance(node, ast.NamedExpr):
            self._bind(node.target, node.value)
        found = [self.kind(child) for child in ast.iter_child_nodes(node)] if node else []
        passes_on = isinstance(node, ast.BoolOp | ast.IfExp | ast.Await | ast.NamedExpr | ast.Subscript | ast.Starred)
        return next((kind for kind in found if kind), None) if passes_on else None

    def _call(self, call: ast.Call) -> Section_ | None:
        given = [self.kind(argument) for argument in [*call.args, *(word.value for word in call.keywords)]]
        of = self.kind(call.func.value) if isinstance(call.func, ast.Attribute) else None
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
        if name == "model_dump" and of:
            self.known.whole(of)
        if name == "getattr" and given[0]:
            self.known.whole(given[0])
        if isinstance(call.func, ast.Attribute):
            self.kind(call.func)
        if name in _PASSING | {"enumerate", "zip"}:
            return next((kind for kind in given if kind), None)
        return of if name in ("items", "values", "get") and of else self.known.results.get(name)

    def _comprehension(self, node: Any) -> Section_ | None:
        inner = _Reader(self.known, dict(self.names))
        for loop in node.generators:
            inner._bind(loop.target, loop.iter)
            for condition in loop.ifs:
                inner.kind(condition)
        if isinstance(node, ast.DictComp):
            inner.kind(node.key)
            return inner.kind(node.value)
        return inner.kind(node.elt)


def _names_of_sections(tree: ast.Module) -> set[str]:
    """Names that mean the model's classes in this module: others have classes of the same names."""
    names = {
        line.name for line in tree.body if isinstance(line, ast.ClassDef) and "Section" in map(ast.unparse, line.bases)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("concierge_core.tenant"):
            names |= {each.name for each in node.names}
    return names


def _expressions(line: ast.stmt) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(line):
        if isinstance(child, ast.withitem):
            yield child.context_expr
        elif not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield child


def section_in(annotation: Any) -> Section_ | None:
    """The section in an annotation such as `list[X] | None`. A reference to a secret is a value of its own."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return None if annotation is SecretRef else annotation
    return next((found for part in get_args(annotation) if (found := section_in(part))), None)
