"""The permissions of one table of Hasura's metadata → TablePermissions by role."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from gql_gen.catalog.types import Ident
from gql_gen.rules.expressions import read_expression, references
from gql_gen.rules.faults import Faults
from gql_gen.rules.hasura_absent import Absent, postgis_word
from gql_gen.rules.hasura_desk import Desk, step
from gql_gen.rules.hasura_roles import Heritage
from gql_gen.rules.hasura_tables import table_name
from gql_gen.rules.reading import Node, node_of, plain
from gql_gen.rules.types import (
    BoolExp,
    DeleteRule,
    Either,
    InsertRule,
    Mark,
    Preset,
    QueryRoot,
    SelectRule,
    SubscriptionRoot,
    TablePermissions,
    UpdateRule,
    Value,
)

Rule = SelectRule | InsertRule | UpdateRule | DeleteRule
OPERATIONS: Final = ("select", "insert", "update", "delete")


@dataclass(frozen=True, slots=True)
class PermissionImport:
    """Reads the permissions of one table."""

    table: Ident
    desk: Desk
    at: Mark
    absent: Absent
    heritage: Heritage

    def roles(self, table: dict[str, Any], path: str) -> dict[str, TablePermissions]:
        """Every role's permissions, `table` the honoured keys of the table."""
        found: dict[str, dict[str, Any]] = {}
        for operation in OPERATIONS:
            key = f"{operation}_permissions"
            for value, here in self.desk.items(table.get(key), step(path, key)):
                role, rule = self.permission(operation, value, here)
                if rule is None:
                    continue
                if operation in found.setdefault(role, {}):
                    self.desk.refuse(here, f'the role "{role}" has two {operation} permissions')
                found[role][operation] = (rule,) if operation == "select" else rule
        return {role: TablePermissions(role, self.at, **rules) for role, rules in found.items()}

    def permission(self, operation: str, value: Any, path: str) -> tuple[str, Rule | None]:
        found = self.desk.open("a permission", value, path)
        why_not_admin = "admin may do everything and cannot be given permissions"
        role = self.desk.role(found.get("role"), step(path, "role"), why_not_admin) or ""
        here = step(path, "permission")
        article = "an" if operation in ("insert", "update") else "a"
        body = self.desk.open(f"{article} {operation} permission", found.get("permission"), here)
        word = postgis_word([body.get("filter"), body.get("check")])
        if word is not None:
            self.leave_out(role, operation, f'it uses the PostGIS operator "{word}", not served yet', path)
            return role, None
        rule = _RULES[operation](self, body, here)
        missing = self.missing(rule)
        if missing is not None:
            self.leave_out(role, operation, f'it mentions "{missing}", which is left out', path)
        return role, rule if missing is None else None

    def leave_out(self, role: str, operation: str, why: str, path: str) -> None:
        """Without its own permission a role has what it inherits, and an heir of roles that may write different things
        may write nothing: there leaving one out would give more than Hasura did."""
        parents = {parent for above in self.heritage.values() for parent in above}
        if role in self.heritage:
            self.desk.refuse(path, f"{why}; without it the role {role} would have what it inherits")
        elif operation != "select" and role in parents:
            self.desk.refuse(path, f"{why}; without it a role that inherits from {role} might have what another has")
        else:
            self.desk.left_out.append(f"{path} (role {role}: {why})")

    def missing(self, rule: Rule) -> str | None:
        """The first thing the rule mentions that is left out."""
        match rule:
            case SelectRule(computed_fields=(first, *_)) if "computed_fields" in self.desk.without:
                return first
            case InsertRule(check=check):
                expressions: tuple[BoolExp | None, ...] = (check,)
            case UpdateRule(filter=rows, check=check):
                expressions = (rows, check)
            case SelectRule(filter=rows) | DeleteRule(filter=rows):
                expressions = (rows,)
        found = (self.absent.mentioned(expression, self.table) for expression in expressions if expression is not None)
        return next((name for name in found if name), None)

    # ---------------------------------------------------------------- one operation each

    def select(self, body: dict[str, Any], path: str) -> SelectRule:
        limit = self.desk.optional(int, body, "limit", path)
        if limit is not None and limit < 0:
            self.desk.refuse(step(path, "limit"), "expected a whole number, 0 or more")
        return SelectRule(
            columns=self.columns(body, path),
            filter=self.expression(body, "filter", path),
            at=self.at,
            limit=limit,
            allow_aggregations=self.desk.optional(bool, body, "allow_aggregations", path) or False,
            computed_fields=self.desk.texts(body.get("computed_fields"), step(path, "computed_fields")),
            query_root_fields=self.roots(body, "query_root_fields", QueryRoot, path),
            subscription_root_fields=self.roots(body, "subscription_root_fields", SubscriptionRoot, path),
        )

    def insert(self, body: dict[str, Any], path: str) -> InsertRule:
        return InsertRule(
            columns=self.columns(body, path) if "columns" in body else None,
            check=self.expression(body, "check", path),
            at=self.at,
            presets=self.presets(body, path),
            backend_only=self.desk.optional(bool, body, "backend_only", path) or False,
        )

    def update(self, body: dict[str, Any], path: str) -> UpdateRule:
        return UpdateRule(
            columns=self.columns(body, path),
            filter=self.expression(body, "filter", path),
            check=self.expression(body, "check", path) if "check" in body else None,
            at=self.at,
            presets=self.presets(body, path),
            backend_only=self.desk.optional(bool, body, "backend_only", path) or False,
        )

    def delete(self, body: dict[str, Any], path: str) -> DeleteRule:
        return DeleteRule(
            filter=self.expression(body, "filter", path),
            at=self.at,
            backend_only=self.desk.optional(bool, body, "backend_only", path) or False,
        )

    # ---------------------------------------------------------------- their parts

    def columns(self, body: dict[str, Any], path: str) -> tuple[tuple[str, Mark], ...] | None:
        columns, here = body.get("columns"), step(path, "columns")
        if columns == "*":
            return None
        if not isinstance(columns, list):
            self.desk.refuse(here, 'expected "*" or a list of columns')
            return ()
        return tuple((column, self.at) for column in self.desk.texts(columns, here))

    def roots(self, body: dict[str, Any], key: str, literal: Any, path: str) -> frozenset[Any] | None:
        if body.get(key) is None:
            return None
        names = self.desk.texts(body[key], step(path, key))
        for name in names:
            if name not in get_args(literal):
                self.desk.refuse(step(path, key), f'"{name}" is not known')
        return frozenset(names)

    def presets(self, body: dict[str, Any], path: str) -> tuple[Preset, ...]:
        pairs = self.desk.pairs(body.get("set"), step(path, "set"))
        return tuple(Preset(column, Value(value, self.at), None, self.at) for column, value, _ in pairs)

    def expression(self, body: dict[str, Any], key: str, path: str) -> BoolExp:
        here = step(path, key)
        if body.get(key) is None:
            self.desk.refuse(here, "expected an expression; {} for all rows")
            return Either((), self.at)
        faults = Faults()
        expression = read_expression(node_of(body[key], self.at), faults, read_table=self.other_table(here))
        for fault in faults.found:
            self.desk.refuse(here, fault.message + (f" ({fault.hint})" if fault.hint else ""))
        for mention in references(expression):
            self.desk.refuse(here, f'expected an expression, not "{mention.name}"')
        return expression

    def other_table(self, path: str) -> Callable[[Node], Ident | None]:
        return lambda node: table_name(plain(node), self.desk, path)


_RULES: Final[Mapping[str, Callable[[PermissionImport, dict[str, Any], str], Rule]]] = {
    "select": PermissionImport.select,
    "insert": PermissionImport.insert,
    "update": PermissionImport.update,
    "delete": PermissionImport.delete,
}
