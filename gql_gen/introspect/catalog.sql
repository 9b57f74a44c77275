-- Everything usher knows about a database, in one statement and one row: Postgres 14 to 18.
--
-- Each section is a JSON text: an array of arrays, whose places are named by the structures in read.py. Objects are
-- linked by oid (JSON writes an oid as a string) and columns by attnum; read.py turns both into names, so neither
-- survives into the Catalog. Sections are ordered by name: the type `name` always sorts by code point.

with

-- What Postgres prints of expressions depends on the session. Here it must depend on the database alone, with every
-- name outside pg_catalog qualified. `set_config(…, true)` lasts to the end of the transaction at most; the last
-- column of the statement puts the old values back. Every section that prints expressions reads from this one, so it
-- runs first; and a select list is evaluated from left to right, so `previous` is the value before.
settings as materialized (
    select name, current_setting(name) as previous, set_config(name, value, true) as value
    from (
        values
            ('search_path', 'pg_catalog'),
            ('quote_all_identifiers', 'off'),
            ('datestyle', 'ISO, MDY'),
            ('intervalstyle', 'postgres'),
            ('timezone', 'UTC'),
            ('bytea_output', 'hex'),
            ('extra_float_digits', '1')
    ) as wanted (name, value)
),

-- The schemas that are a user's: Postgres keeps every name with pg_ for itself.
schemas as materialized (
    select namespace.oid, namespace.nspname as name
    from pg_namespace namespace
    where namespace.nspname not like 'pg\_%'
      and namespace.nspname <> 'information_schema'
      and (select count(value) from settings) > 0
),

-- What an extension brought is its own affair (spatial_ref_sys is no table of the user's), and so is what Postgres
-- made along with something else: the constructors of a range type.
owned as materialized (
    select classid, objid from pg_depend where deptype = 'e' or deptype = 'i' and classid = 'pg_proc'::regclass
),

-- ---------------------------------------------------------------- relations

-- A view whose own trigger or rule inserts or updates takes any column, whatever Postgres could have done by itself.
-- tgtype is a sum of 4 (insert), 16 (update), 64 (instead of) and others; ev_type is 2 (update) or 3 (insert).
views_written_by_hand as materialized (
    select tgrelid as oid from pg_trigger where tgtype & 64 <> 0 and tgtype & 20 <> 0
    union
    select ev_class from pg_rewrite where is_instead and ev_type in ('2', '3')
),

-- `writes` is a sum of 4 (update), 8 (insert) and 16 (delete); INSTEAD OF triggers and rules count. Asking a foreign
-- table whose wrapper has no handler would be an error.
relations as materialized (
    select
        class.oid,
        schemas.name as schema,
        class.relname as name,
        class.relkind as kind,
        case
            when class.relkind in ('r', 'p') then 28
            when class.relkind = 'm' then 0
            when class.relkind = 'f' and wrapper.fdwhandler = 0 then 0
            else pg_relation_is_updatable(class.oid, true)
        end as writes,
        by_hand.oid is not null as by_hand,
        class.relispartition as is_partition,
        parent.inhparent as parent,
        class.relrowsecurity as row_security,
        class.reloptions as options
    from pg_class class
    join schemas on schemas.oid = class.relnamespace
    left join views_written_by_hand by_hand on by_hand.oid = class.oid
    left join pg_inherits parent on parent.inhrelid = class.oid and class.relispartition
    left join pg_foreign_table foreign_table on foreign_table.ftrelid = class.oid
    left join pg_foreign_server server on server.oid = foreign_table.ftserver
    left join pg_foreign_data_wrapper wrapper on wrapper.oid = server.srvfdw
    where class.relkind in ('r', 'p', 'f', 'v', 'm')
      and not exists (
          select from owned
          where owned.classid = 'pg_class'::regclass and owned.objid = class.oid
      )
),

relation_rows as (
    select json_agg(
        json_build_array(
            relation.oid,
            relation.schema,
            relation.name,
            relation.kind,
            relation.writes,
            relation.by_hand,
            relation.is_partition,
            relation.parent,
            relation.row_security,
            -- An option of views since 15, spelt as whoever wrote it liked: on, true, 1.
            coalesce(
                (
                    select option_value::boolean
                    from pg_options_to_table(relation.options)
                    where option_name = 'security_invoker'
                ),
                false
            ),
            case when relation.kind in ('v', 'm') then pg_get_viewdef(relation.oid) end,
            comment.description
        )
        order by relation.schema, relation.name
    ) as rows
    from relations relation
    left join pg_description comment
        on comment.objoid = relation.oid and comment.classoid = 'pg_class'::regclass and comment.objsubid = 0
),

-- ---------------------------------------------------------------- columns

-- Since 18 a NOT NULL may be declared without having been checked: rows from before may still hold a null.
unchecked_not_null as materialized (
    select conrelid, conkey[1] as attnum from pg_constraint where contype = 'n' and not convalidated
),

column_rows as (
    select json_agg(
        json_build_array(
            relation.oid,
            attribute.attnum,
            attribute.attname,
            attribute.atttypid,
            format_type(attribute.atttypid, attribute.atttypmod),
            attribute.attnotnull and unchecked.attnum is null,
            -- A column's own default goes before its domain's; `default null` is such a default too. An identity column
            -- has the next number of its sequence.
            coalesce(
                pg_get_expr(expression.adbin, expression.adrelid),
                case
                    when attribute.attidentity <> '' then format(
                        'nextval(%L::regclass)',
                        pg_get_serial_sequence(format('%I.%I', relation.schema, relation.name), attribute.attname)
                    )
                end,
                pg_get_expr(domain.typdefaultbin, 0)
            ),
            attribute.attidentity,
            attribute.attgenerated <> '',
            case
                when relation.kind <> 'v' then attribute.attgenerated = ''
                when relation.writes & 12 = 0 then false
                else relation.by_hand or pg_column_is_updatable(relation.oid, attribute.attnum, true)
            end,
            comment.description
        )
        order by relation.schema, relation.name, attribute.attnum
    ) as rows
    from relations relation
    join pg_attribute attribute
        on attribute.attrelid = relation.oid and attribute.attnum > 0 and not attribute.attisdropped
    left join pg_attrdef expression
        on expression.adrelid = relation.oid and expression.adnum = attribute.attnum
    left join pg_description comment
        on comment.objoid = relation.oid
        and comment.classoid = 'pg_class'::regclass
        and comment.objsubid = attribute.attnum
    left join unchecked_not_null unchecked
        on unchecked.conrelid = relation.oid and unchecked.attnum = attribute.attnum
    left join pg_type domain on domain.oid = attribute.atttypid and domain.typtype = 'd' and relation.kind <> 'm'
),

-- ---------------------------------------------------------------- keys

-- What an index's expressions and its predicate read, by the trees that are kept of them; 0 is the whole row. (pg_depend
-- does not tell such a column from one that is merely included.)
index_mentions as materialized (
    select index.indexrelid as oid, json_agg(distinct variable.attnum::integer) as columns
    from relations relation
    join pg_index index on index.indrelid = relation.oid
    cross join lateral (
        select (regexp_matches(concat(index.indexprs::text, index.indpred::text), ':varattno (\d+)', 'g'))[1]
    ) as variable (attnum)
    where index.indexprs is not null or index.indpred is not null
    group by index.indexrelid
),

-- A foreign key to a partitioned table is stored once more for each of its partitions, below the one that was
-- written: copies, which errors name. A key over periods (18) joins by overlap, not by equality.
constraint_rows as (
    select json_agg(
        json_build_array(
            entry.oid,
            relation.oid,
            entry.contype,
            entry.conname,
            entry.conkey,
            entry.condeferrable,
            case
                when entry.contype in ('p', 'u') then index.indisexclusion
                when entry.contype = 'f' then coalesce((to_jsonb(entry) ->> 'conperiod')::boolean, false)
                else false
            end,
            coalesce(mentions.columns, '[]'),
            entry.confrelid,
            entry.confkey,
            parent.oid,
            -- Cascade, set null, set default.
            entry.confdeltype in ('c', 'n', 'd')
        )
        order by relation.schema, relation.name, entry.conname
    ) as rows
    from relations relation
    join pg_constraint entry on entry.conrelid = relation.oid
    left join pg_constraint parent on parent.oid = entry.conparentid and parent.conrelid = entry.conrelid
    left join pg_index index on index.indexrelid = entry.conindid and entry.contype in ('p', 'u', 'x')
    left join index_mentions mentions on mentions.oid = index.indexrelid
    where entry.contype in ('p', 'u', 'x', 'c', 'f')
),

-- Unique indexes that were made as indexes. An index that is half built, or that failed to be, promises nothing.
index_rows as (
    select json_agg(
        json_build_array(
            relation.oid,
            class.relname,
            -- Included columns follow the keys. Number 0 stands for an expression.
            (index.indkey::smallint[])[0 : index.indnkeyatts - 1],
            (
                select json_agg(
                    case when key.attnum = 0 then pg_get_indexdef(index.indexrelid, key.position::integer, false) end
                    order by key.position
                )
                from unnest((index.indkey::smallint[])[0 : index.indnkeyatts - 1])
                    with ordinality as key (attnum, position)
            ),
            pg_get_expr(index.indpred, index.indrelid),
            coalesce(mentions.columns, '[]')
        )
        order by relation.schema, relation.name, class.relname
    ) as rows
    from relations relation
    join pg_index index on index.indrelid = relation.oid
    join pg_class class on class.oid = index.indexrelid
    left join index_mentions mentions on mentions.oid = index.indexrelid
    where index.indisunique
      and index.indisvalid
      and index.indislive
      and not exists (
          select from pg_constraint backed
          where backed.conindid = index.indexrelid
            and backed.conrelid = index.indrelid
            and backed.contype in ('p', 'u', 'x')
      )
),

-- ---------------------------------------------------------------- functions

functions as materialized (
    select
        procedure.oid,
        schemas.name as schema,
        procedure.proname as name,
        coalesce(procedure.proallargtypes, procedure.proargtypes::oid[]) as argument_types,
        procedure.proargmodes::text[] as modes,
        procedure.proargnames as names,
        procedure.pronargdefaults as default_count,
        procedure.prorettype as returns,
        procedure.proretset as returns_set,
        procedure.provolatile as volatility,
        procedure.prokind as kind,
        procedure.prosecdef as security_definer
    from pg_proc procedure
    join schemas on schemas.oid = procedure.pronamespace
    where not exists (
        select from owned
        where owned.classid = 'pg_proc'::regclass and owned.objid = procedure.oid
    )
),

function_rows as (
    select json_agg(
        json_build_array(
            function.schema,
            function.name,
            function.argument_types,
            function.modes,
            function.names,
            function.default_count,
            function.returns,
            function.returns_set,
            function.volatility,
            function.kind,
            function.security_definer,
            comment.description
        )
        order by function.schema, function.name, pg_get_function_identity_arguments(function.oid) collate "C"
    ) as rows
    from functions function
    left join pg_description comment
        on comment.objoid = function.oid and comment.classoid = 'pg_proc'::regclass
),

-- ---------------------------------------------------------------- types

-- Every type that can be named in a cast, and the row types of tables that somebody uses as a type. The row types of
-- all the others (two for every table and index of a catalogue) would only be weight.
named_types as (
    select type.oid
    from pg_type type
    join pg_namespace namespace on namespace.oid = type.typnamespace
    left join pg_class class on class.oid = type.typrelid
    left join pg_type element on element.oid = type.typelem and element.typarray = type.oid
    where namespace.nspname not like 'pg\_t%'
      and coalesce(element.typtype, type.typtype) <> 'c'
       or class.relkind = 'c'
),

used_types as (
    select attribute.atttypid as oid
    from relations relation
    join pg_attribute attribute on attribute.attrelid = relation.oid and attribute.attnum > 0
    where not attribute.attisdropped
    union
    select unnest(function.argument_types) from functions function
    union
    select function.returns from functions function
),

reached_types (oid) as materialized (
    with recursive reached (oid) as (
        select oid from named_types
        union
        select oid from used_types
        union
        select next.oid
        from reached
        join pg_type type on type.oid = reached.oid
        left join pg_range range on range.rngtypid = type.oid
        cross join lateral (
            values (type.typelem), (type.typbasetype), (type.typarray), (range.rngsubtype)
            union all
            select attribute.atttypid
            from pg_attribute attribute
            where attribute.attrelid = type.typrelid and attribute.attnum > 0 and not attribute.attisdropped
        ) as next (oid)
        where next.oid <> 0
    )
    select oid from reached
),

-- `=` and `<` belong to a type by its default operator classes, or by those of a type that it becomes without a
-- function and without being asked (varchar has none of its own: it is text). What follows from other types, of
-- arrays, domains and rows, is worked out in read.py.
comparable as materialized (
    select comparable.oid, bool_or(method.amname = 'btree') as has_btree
    from (
        select opclass.opcintype as oid, opclass.opcmethod as method
        from pg_opclass opclass
        where opclass.opcdefault
        union all
        select conversion.castsource, opclass.opcmethod
        from pg_cast conversion
        join pg_opclass opclass on opclass.opcintype = conversion.casttarget and opclass.opcdefault
        where conversion.castmethod = 'b' and conversion.castcontext = 'i'
    ) as comparable
    join pg_am method on method.oid = comparable.method
    where method.amname in ('btree', 'hash')
    group by comparable.oid
),

enum_labels as materialized (
    select enumtypid as oid, json_agg(enumlabel order by enumsortorder) as labels from pg_enum group by enumtypid
),

type_rows as (
    select json_agg(
        json_build_array(
            type.oid,
            namespace.nspname,
            type.typname,
            case when element.oid is not null and type.typtype = 'b' then 'a' else type.typtype end,
            coalesce(element.oid, nullif(type.typbasetype, 0), range.rngsubtype),
            nullif(type.typarray, 0),
            nullif(type.typrelid, 0),
            type.typnotnull,
            comparable.oid is not null,
            coalesce(comparable.has_btree, false),
            coalesce(enum_labels.labels, '[]'),
            case
                when type.typtype = 'c' then (
                    select coalesce(
                        json_agg(json_build_array(attribute.attname, attribute.atttypid) order by attribute.attnum),
                        '[]'
                    )
                    from pg_attribute attribute
                    where attribute.attrelid = type.typrelid and attribute.attnum > 0 and not attribute.attisdropped
                )
                else '[]'
            end,
            -- Postgres' remarks on its own types are not the user's words.
            case when namespace.nspname <> 'pg_catalog' then comment.description end
        )
        order by namespace.nspname, type.typname
    ) as rows
    from reached_types
    join pg_type type on type.oid = reached_types.oid
    join pg_namespace namespace on namespace.oid = type.typnamespace
    -- An array is what its element calls its array: `point` and `name` have elements too, and are none.
    left join pg_type element on element.oid = type.typelem and element.typarray = type.oid
    left join pg_range range on range.rngtypid = type.oid
    left join comparable on comparable.oid = type.oid
    left join enum_labels on enum_labels.oid = type.oid
    left join pg_description comment
        on comment.objoid = type.oid and comment.classoid = 'pg_type'::regclass
),

extension_rows as (
    select json_agg(json_build_array(extension.extname, namespace.nspname) order by extension.extname) as rows
    from pg_extension extension
    join pg_namespace namespace on namespace.oid = extension.extnamespace
)

-- An empty section is null, not an empty array: json_agg over no rows.
select
    current_setting('server_version_num')::integer as server_version,
    (select rows::text from extension_rows) as extensions,
    (select rows::text from relation_rows) as relations,
    (select rows::text from column_rows) as columns,
    (select rows::text from constraint_rows) as constraints,
    (select rows::text from index_rows) as indexes,
    (select rows::text from function_rows) as functions,
    (select rows::text from type_rows) as types,
    (select count(set_config(name, previous, true)) from settings) as settings_restored
