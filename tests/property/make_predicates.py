"""Choices → conditions: rules, which see everything, and callers' filters, which see what the role may name."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from property.calling import Raises
from property.calling import value as called_value
from property.choices import Choices
from property.jsonb import Json, printed
from property.kinds import (
    BROKEN_PATTERNS,
    EQUALITY,
    KINDS,
    LIKES,
    LISTS,
    ORDER,
    PATTERNS,
    REGEXES,
    SIMILARS,
    Kind,
    as_json,
    pattern_pool,
    spellings,
)
from property.made import Computed, Fussy
from property.predicates import (
    All,
    Any_,
    Both,
    Compare,
    CompareColumns,
    CompareMade,
    Counted,
    ExistsIn,
    How,
    Items,
    MadeRows,
    Named,
    Not,
    Operand,
    Pred,
    Related,
    Session,
    Test,
    Value,
    session_name,
)
from property.trees import settled
from property.truth import operand_kind
from property.world import Column, Row, Sight, Table, World

COMMON = (*EQUALITY, *ORDER, "_is_null")
WHOLE_NUMBERS = frozenset({"int2", "int4", "int8", "small"})
"""Kinds that rules may compare with each other."""
HAS_KEYS = ("a", "b", "bb", "nope", "")
JUNK = {
    "int8": ("12x", "", "9223372036854775808"),
    "numeric": ("1e400", "NaN", "1e999999", "one"),
    "uuid": ("nope", "", "0000"),
    "timestamptz": ("yesterday evening", "infinity", "2024-02-30", "99999-01-01"),
    "texts": ('{"a"', "{}", "{{a},{b}}"),
    "sizes": ("{1,", "{x}", "[2:3]={1,2}"),
    "date": ("2024-02-30", "", "tomorrow"),
}
"""Texts that are no value of their type, or hardly."""


@dataclass(slots=True)
class Writer:
    """Writes conditions for one side: `sight` None writes rules. `may_vary` lets operands be variables;
    `nasty` takes malformed patterns too."""

    choices: Choices
    world: World
    sight: Sight | None = None
    may_vary: bool = False
    nasty: bool = False
    named: list[tuple[str, Pred]] = field(default_factory=list)
    stored: tuple[Any, ...] = ()
    """Values of the column that is being written about: half of the operands are among them."""

    # ------------------------------------------------------------ structure

    def rule(self, table: Table) -> Pred:
        """Often a choice of two, so that some rows pass and some do not."""
        match self.choices.pick(6):
            case 0:
                return Both(())
            case 5:
                return self.from_afar(table)
            case 1 | 2:
                return Any_((self.pred(table, table, 1), self.pred(table, table, self.choices.between(1, 2))))
            case _:
                return self.pred(table, table, self.choices.between(1, 3))

    def from_afar(self, table: Table) -> Pred:
        """A rule that looks back at its own table from two relationships away."""
        paths = [(near, far) for near in table.links for far in self.world.table(near.table).links]
        if not paths:
            return self.pred(table, table, 2)
        near, far = self.choices.one(paths)
        target = self.world.table(far.table)
        found = self.compare_columns(self.choices.one(target.columns), target, table, from_root=True)
        return Related(near.name, Related(far.name, found or self.leaf(target, table)))

    def where(self, table: Table) -> Pred:
        if self.choices.chance(1, 3):
            return Any_((self.pred(table, table, 1), self.pred(table, table, 1)))
        return self.pred(table, table, self.choices.between(1, 3))

    def pred(self, table: Table, root: Table, depth: int) -> Pred:
        if depth <= 0:
            return self.leaf(table, root)
        match self.choices.pick(12):
            case 0 | 1 | 2:
                return self.leaf(table, root)
            case 3:
                return Both(self.parts(table, root, depth))
            case 4:
                return All(self.parts(table, root, depth))
            case 5 | 6:
                return Any_(self.parts(table, root, depth))
            case 7:
                return Not(self.pred(table, root, depth - 1))
            case 8 | 9 | 10:
                return self.related(table, root, depth)
            case _:
                return self.special(table, root, depth)

    def parts(self, table: Table, root: Table, depth: int) -> tuple[Pred, ...]:
        number = self.choices.one((2, 2, 1, 3, 2, 0))
        return tuple(self.pred(table, root, depth - 1) for _ in range(number))

    def related(self, table: Table, root: Table, depth: int) -> Pred:
        made = self.made_rows(table)
        if made and self.choices.chance(1, 4):
            field = self.choices.one(made)
            return MadeRows(field.name, self.pred(self.world.table(field.routine.returns), root, depth - 1))
        links = table.links if self.sight is None else self.sight.links(table)
        if not links:
            return self.leaf(table, root)
        link = self.choices.one(links)
        target = self.world.table(link.table)
        may_count = link.kind == "array" and (self.sight is None or self.sight.aggregates(target))
        if may_count and self.choices.chance(1, 2):
            return self.counted(link.name, target, root, depth)
        return Related(link.name, self.pred(target, root, depth - 1))

    def special(self, table: Table, root: Table, depth: int) -> Pred:
        """What only rules have; for callers, one more leaf."""
        if self.sight is not None:
            return self.leaf(table, root)
        if self.choices.chance(1, 3):
            name = f"rule_{len(self.named) + 1}"
            # A named rule stands by itself, so its `$` is not known here: it gets none.
            part = Writer(self.choices, self.world).plain(table)
            self.named.append((name, part))
            return Named(name, part)
        target = self.choices.one(self.world.tables)
        return ExistsIn(target.name, self.pred(target, root, depth - 1))

    def plain(self, table: Table) -> Pred:
        return Both(
            tuple(self.compare(self.choices.one(table.columns), table) for _ in range(self.choices.between(1, 2)))
        )

    def counted(self, link: str, target: Table, root: Table, depth: int) -> Pred:
        columns = target.columns if self.sight is None else self.sight.steady(target)
        booleans = [column.name for column in columns if column.kind_name == "bool"]
        function: Literal["count", "bool_and", "bool_or"] = "count"
        if booleans and self.choices.chance(1, 2):
            function = self.choices.one(("bool_and", "bool_or"))
        if function == "count":
            arguments = self.choices.some([column.name for column in columns], 0, 2)
        else:
            arguments = (self.choices.one(booleans),)
        filtered = self.pred(target, root, depth - 1) if self.choices.chance(1, 3) else None
        distinct = function == "count" and self.choices.chance(1, 3)
        kind = KINDS["int4" if function == "count" else "bool"]
        self.stored = ()
        # A rule compares an aggregate with single values only.
        operators = ("_eq", "_neq", "_gt", "_lte", "_is_null", *(() if self.sight is None else ("_in", "_nin")))
        tests = (self.test(kind, nullable=False, only=operators),)
        return Counted(link, function, arguments, distinct, filtered, tests)

    # ------------------------------------------------------------ leaves

    def columns(self, table: Table) -> tuple[Column, ...]:
        return table.columns if self.sight is None else self.sight.columns(table)

    def made(self, table: Table) -> list[Computed]:
        """Computed fields that can be compared. Rules must not call what raises errors."""
        found = table.computed if self.sight is None else self.sight.values(table)
        plain = [each for each in found if each.routine.is_plain and not each.routine.is_rows]
        fussy = [each for each in plain if isinstance(each.routine.formula, Fussy)]
        return [each for each in plain if each not in fussy] if self.sight is None else [*plain, *fussy]

    def made_rows(self, table: Table) -> list[Computed]:
        found = table.computed if self.sight is None else self.sight.row_fields(table)
        return [each for each in found if each.routine.is_plain and each.routine.is_rows]

    def leaf(self, table: Table, root: Table) -> Pred:
        columns, made = self.columns(table), self.made(table)
        if made and self.choices.chance(1, 5):
            return self.compare_made(self.choices.one(made), table)
        if not columns:
            return Both(())
        column = self.choices.one(columns)
        if self.sight is None and self.choices.chance(1, 3):
            from_root = root is not table and self.choices.chance(1, 2)
            found = self.compare_columns(column, table, root, from_root=from_root)
            if found is not None:
                return found
        return self.compare(column, table)

    def compare_columns(self, column: Column, table: Table, root: Table, *, from_root: bool) -> Pred | None:
        kinds = WHOLE_NUMBERS if column.kind_name in WHOLE_NUMBERS else {column.kind_name}
        others = [other for other in (root if from_root else table).columns if other.kind_name in kinds]
        if not others:
            return None
        operators = ["_ceq", "_cneq"]
        if column.kind.sorts and column.kind_name != "jsonb":
            operators += ["_cgt", "_clt", "_cgte", "_clte"]
        return CompareColumns(column.name, self.choices.one(operators), self.choices.one(others).name, from_root)

    def compare(self, column: Column, table: Table) -> Pred:
        self.stored = tuple(row[column.name] for row in table.rows if row[column.name] is not None)
        if column.kind_name == "jsonb" and self.choices.chance(1, 5):
            self.stored = tuple(printed(value.value) for value in self.stored)
            test = self.test(KINDS["text"], nullable=True, only=("_eq", "_like", "_in", "_regex", "_is_null"))
            return Compare(column.name, (test,), as_text=True)
        number = self.choices.one((1, 1, 1, 1, 2, 0))
        found = {}
        for _ in range(number):
            test = self.test(column.kind, nullable=column.nullable)
            found[test.operator] = test
        if self.may_vary and self.choices.chance(1, 8):
            # The variable holds them all, so that no operand can come in one of its own.
            return settled(Compare(column.name, tuple(found.values()), "variable"))
        return Compare(column.name, tuple(found.values()))

    def compare_made(self, field: Computed, table: Table) -> Pred:
        kind = KINDS[field.routine.returns]
        self.stored = tuple(value for row in table.rows if (value := self._value_of(field, table, row)) is not None)
        found = CompareMade(field.name, (self.test(kind, nullable=True),))
        if self.may_vary and self.choices.chance(1, 8):
            return settled(replace(found, how="variable"))
        return found

    def _value_of(self, field: Computed, table: Table, row: Row) -> Any:
        """Something that it may be found to be."""
        try:
            return called_value(self.world, field.routine, table, row, {}, {})
        except Raises:
            return None

    def test(self, kind: Kind, *, nullable: bool, only: tuple[str, ...] = ()) -> Test:
        operators = list(only or kind.operators)
        if self.sight is None and not only:
            operators += kind.rule_operators
        if nullable and self.choices.chance(1, 5):
            operators = ["_is_null"]
        special = [operator for operator in operators if operator not in COMMON]
        if special and self.choices.chance(2, 3):
            # Families that are alike share their turns: there are ten pattern operators.
            families = (LIKES, SIMILARS, REGEXES) if "_like" in special else (special,)
            operators = list(self.choices.one(families))
        operator = self.choices.one(operators)
        if operator == "_is_null":
            answer = self.choices.chance(1, 2)
            return Test(operator, Value(answer, answer, "Boolean", "bool", operator, self.how()))
        return Test(operator, self.operand(kind, operator))

    def how(self) -> How:
        return "variable" if self.may_vary and self.choices.chance(1, 4) else "inline"

    def operand(self, kind: Kind, operator: str) -> Operand:
        item, is_list = operand_kind(kind, operator)
        if self.sight is None and operator not in PATTERNS and self.choices.chance(1, 4):
            found = self.session(item, is_list=is_list)
            if found is not None:
                return found
        if not is_list:
            return self.value(item, operator)
        # Of an empty list of arrays a rule makes something that says nothing at all.
        number = self.choices.one((2, 1, 3, 1 if self.sight is None and item.is_array else 0))
        if self.may_vary and self.choices.chance(1, 4) and not item.is_array:
            return self.list_value(item, operator, number)
        return Items(tuple(self.item(item, operator) for _ in range(number)))

    def item(self, kind: Kind, operator: str) -> Value | Session:
        value = self.value(kind, operator)
        if value.how == "variable":
            return replace(value, type=f"{kind.type}!", default=None, sent=True)
        if self.sight is None and operator in LISTS and self.choices.chance(1, 2):
            return Session(session_name(kind.name, is_list=False))
        return value

    def session(self, kind: Kind, *, is_list: bool) -> Session | None:
        """Postgres has no array of arrays, so a list of those cannot come in one variable."""
        if is_list and kind.is_array:
            return None
        return Session(session_name(kind.name, is_list=is_list))

    def value(self, kind: Kind, operator: str) -> Value:
        value = self.pooled(kind, operator)
        if operator in PATTERNS:
            written: Any = value
        else:
            written = self.choices.one(spellings(kind, value))
        if self.nasty and kind.name in JUNK and self.choices.chance(1, 12):
            written = self.choices.one(JUNK[kind.name])
        if self.sight is None and kind.name == "numeric":
            written = str(value)
        how = self.how()
        if how == "variable" and kind.name != "jsonb" and self.choices.chance(1, 5):
            default = self.pooled(kind, operator)
            spoken = Value(default, as_json(kind, default), kind.type, kind.name, operator)
            return Value(value, written, kind.type, kind.name, operator, how, spoken, sent=self.choices.chance(1, 2))
        return Value(value, written, kind.type, kind.name, operator, how)

    def list_value(self, kind: Kind, operator: str, number: int) -> Value:
        """One variable for a whole list."""
        values = tuple(self.pooled(kind, operator) for _ in range(number))
        written = [as_json(kind, value) for value in values]
        return Value(values, written, f"[{kind.type}!]", kind.name, operator, "variable")

    def another(self, value: Value) -> Value:
        """What else the variable of an operand could hold."""
        self.stored = ()
        kind = KINDS[value.kind]
        if value.operator in LISTS and value.type.endswith("!]") and not kind.is_array:
            return self.list_value(kind, value.operator, self.choices.one((2, 1, 3, 0)))
        if value.operator == "_is_null":
            answer = self.choices.chance(1, 2)
            return replace(value, value=answer, json=answer)
        other = self.pooled(kind, value.operator)
        sent = value.default is None or self.choices.chance(1, 2)
        return replace(value, value=other, json=as_json(kind, other), sent=sent)

    def pooled(self, kind: Kind, operator: str) -> Any:
        if operator in PATTERNS:
            broken = self.nasty and self.choices.chance(1, 3)
            return self.choices.one(BROKEN_PATTERNS if broken else pattern_pool(operator))
        if operator.startswith("_has_key"):
            return self.choices.one(HAS_KEYS)
        pool = self.stored if self.stored and self.choices.chance(1, 2) else kind.pool
        if kind.is_array:
            # A list argument holds no nulls.
            pool = tuple(value for value in pool if None not in value) or kind.pool[:1]
        if kind.name == "jsonb":
            # Null as an operand is refused, whatever the type.
            pool = tuple(value for value in pool if value != Json("null")) or kind.pool[1:]
        return self.choices.one(pool)
