"""Tracked functions: root fields that call a function, found in the catalogue and named.

What cannot be carried is a fault, and is left out. Rows that a function returns carry their own table's rule; the right
to call it comes on top, and is never inferred for one that may write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from gql_gen.catalog.types import Catalog, Function, Ident
from gql_gen.model.drafts import Draft, Sources
from gql_gen.model.functions import Unfit, check_scalar, only_function, session_place
from gql_gen.model.inheritance import family
from gql_gen.model.owners import RootOwners, TypeOwners
from gql_gen.model.parameters import parameters_of
from gql_gen.model.scalars import Names, scalar_of
from gql_gen.model.types import Model, RootName, Routine, Scalar, TrackedFunction
from gql_gen.names import function_root_names, is_graphql_name, table_base_name, type_name, with_affixes
from gql_gen.rules.types import FunctionRoot, FunctionRules, Rules
from gql_gen.session import ADMIN


def tracked_functions(
    drafts: Mapping[Ident, Draft], types: TypeOwners, roots: RootOwners, sources: Sources
) -> dict[Ident, TrackedFunction]:
    """Every tracked function that can be served."""
    found: dict[Ident, TrackedFunction] = {}
    for rules in sources.rules.functions.values():
        try:
            found[rules.ident] = _tracked(rules, drafts, types, roots, sources)
        except Unfit as unfit:
            message = f"the function {rules.ident} is left out: {unfit.message}"
            sources.faults.add(rules.at, message, unfit.hint)
    return found


def granted_functions(model: Model, rules: Rules, role: str) -> Mapping[Ident, TrackedFunction]:
    """Those that a role may call, as far as it may select what they return."""
    names = frozenset(family(role, rules))
    return MappingProxyType(
        {
            ident: function
            for ident, function in model.functions.items()
            if role == ADMIN or function.granted is None or not names.isdisjoint(function.granted)
        }
    )


# ---------------------------------------------------------------- one function


def _tracked(
    rules: FunctionRules, drafts: Mapping[Ident, Draft], types: TypeOwners, roots: RootOwners, sources: Sources
) -> TrackedFunction:
    function = only_function(rules.ident, sources.catalog)
    session = session_place(function, rules.session_argument, None, sources.catalog)
    parameters = parameters_of(function, None, session, types.scalars, sources.catalog)
    returns = _returns(function, drafts, types.scalars, sources.catalog)
    is_volatile = function.volatility == "volatile"
    exposed_as = rules.exposed_as or ("mutation" if is_volatile else "query")
    base = table_base_name(rules.ident.schema, rules.ident.name, rules.name, sources.rules.naming)
    arguments = _affixed_type(type_name(base, "args", sources.rules.naming), sources.rules)
    made = TrackedFunction(
        rules.ident,
        Routine(function.ident, parameters, is_volatile=is_volatile),
        returns,
        function.returns_set,
        exposed_as,
        MappingProxyType({}),
        arguments,
        _granted(rules, returns, is_volatile, sources.rules),
        function.comment if rules.comment is None else rules.comment,
    )
    names = _root_fields(rules, base, made, sources.rules)
    claimed = _claimed_roots(names, rules, made, roots)
    _claim_arguments(made, types)
    roots |= claimed
    return replace(made, root_fields=MappingProxyType(names))


def _claim_arguments(made: TrackedFunction, types: TypeOwners) -> None:
    if any(parameter.filled_by == "caller" for parameter in made.routine.parameters):
        owner = types.claim(made.arguments_type, f"that of the function {made.ident}")
        if owner is not None:
            message = f'the type of its arguments, "{made.arguments_type}", would clash with {owner}'
            raise Unfit(message, "choose another name")


def _affixed_type(name: str, rules: Rules) -> str:
    custom = rules.customization
    return with_affixes(name, custom.type_names_prefix, custom.type_names_suffix, rules.naming)


def _returns(function: Function, drafts: Mapping[Ident, Draft], scalars: Names, catalog: Catalog) -> Scalar | Ident:
    relation = function.returns_relation
    if relation is not None:
        if relation not in drafts:
            raise Unfit(f"{function.ident} returns rows of {relation}, which is not tracked", f"list {relation}")
        return relation
    if function.returns_set:
        raise Unfit(f"{function.ident} returns a set of {function.returns.name}, not rows of a tracked table")
    check_scalar(function, function.returns, "returns", catalog)
    return scalar_of(function.returns, catalog, scalars)


def _granted(
    rules: FunctionRules, returns: Scalar | Ident, is_volatile: bool, all_rules: Rules
) -> frozenset[str] | None:
    """The roles listed. Inferred only where the rows' own permission says who may see what comes out, and nothing can
    be changed on the way."""
    if rules.permissions is not None:
        return frozenset(role for role, _ in rules.permissions)
    infers = all_rules.infer_function_permissions and isinstance(returns, Ident) and not is_volatile
    return None if infers and rules.exposed_as != "mutation" else frozenset()


# ---------------------------------------------------------------- root fields


def _root_fields(
    rules: FunctionRules, base: str, function: TrackedFunction, all_rules: Rules
) -> dict[FunctionRoot, RootName]:
    naming, custom = all_rules.naming, all_rules.customization
    usual = function_root_names(base, naming, is_chosen=rules.name is not None)
    has_aggregate = isinstance(function.returns, Ident) and function.is_set and function.exposed_as == "query"
    roots: tuple[FunctionRoot, ...] = ("function", "function_aggregate") if has_aggregate else ("function",)
    found: dict[FunctionRoot, RootName] = {}
    for root in roots:
        chosen = rules.root_fields.get(root)
        name = (chosen.name if chosen is not None else None) or usual[root]
        name = with_affixes(name, custom.root_fields_prefix, custom.root_fields_suffix, naming)
        found[root] = RootName(name, chosen.comment if chosen is not None else None)
    return found


def _claimed_roots(
    names: Mapping[FunctionRoot, RootName], rules: FunctionRules, function: TrackedFunction, roots: RootOwners
) -> RootOwners:
    """The names, owned by the function. Raises Unfit for one that is another's, or is none."""
    hint = "choose a name under `name:` or `root_fields:`"
    claimed: RootOwners = {}
    for root, name in names.items():
        if not is_graphql_name(name.name):
            raise Unfit(f'the root field "{name.name}" is not a valid GraphQL name', hint)
        place = (function.exposed_as == "mutation", name.name)
        owner = roots.get(place) or claimed.get(place)
        if owner is not None:
            raise Unfit(f'the root field "{name.name}" clashes with that of {owner}', hint)
        claimed[place] = f"the function {rules.ident} ({root})"
    return claimed
