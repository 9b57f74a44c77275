-- insert_article: insert public.author
with "~w" as (insert into "public"."author" as "~t1" ("id", "name", "email") select ("~r"."id")::"pg_catalog"."int4", ("~r"."name")::"pg_catalog"."text", ("~r"."email")::"public"."citext"
  from rows
  from (json_to_recordset(($1::text)::"pg_catalog"."json") as ("id" text, "name" text, "email" text)) with ordinality as "~r"("id", "name", "email", "~o")
  order by "~r"."~o"
  returning "~t1"."id" as "id", true as "~ok") select null::json, (select count(*)
  from "~w"), (select json_agg(row_to_json("~i"))::text
  from (select ("~x"."id")::text as "id", row_number() over () - 1 as "~o"
    from "~w" as "~x"
    where case when (select count(*)
      from "~w") = json_array_length(($1::text)::"pg_catalog"."json") then true else ('usher-word:skipped:0' || coalesce(left(("~x")::text, 0), ''))::bool end) as "~i")

-- $1  rows 1

-- insert_article: insert public.article
with "~w" as (insert into "public"."article" as "~t1" ("id", "author_id", "title") select ("~r"."id")::"pg_catalog"."int4", case when "~r"."~l0" is null then case when "~r"."~~1" then (null)::"pg_catalog"."int4" else ("~r"."~1")::"pg_catalog"."int4" end else ("~p0"."id")::"pg_catalog"."int4" end, ("~r"."title")::"pg_catalog"."text"
  from rows
  from (json_to_recordset(($1::text)::"pg_catalog"."json") as ("id" text, "~1" text, "~~1" bool, "title" text, "~l0" int)) with ordinality as "~r"("id", "~1", "~~1", "title", "~l0", "~o") left join json_to_recordset(($2::text)::"pg_catalog"."json") as "~p0"("id" text, "~o" int) on "~p0"."~o" = "~r"."~l0"
  where case when "~r"."~l0" is null or "~p0"."~o" is not null then true else ('usher-word:missing:0' || coalesce(left(("~r"."~l0")::text, 0), ''))::bool end
  order by "~r"."~o"
  returning "~t1"."id" as "id", "~t1"."author_id" as "author_id", "~t1"."title" as "title", true as "~ok") select null::json, (select count(*)
  from "~w"), (select json_agg(row_to_json("~i"))::text
  from (select ("~x"."id")::text as "id", ("~x"."author_id")::text as "author_id", ("~x"."title")::text as "title", row_number() over () - 1 as "~o"
    from "~w" as "~x"
    where case when (select count(*)
      from "~w") = json_array_length(($1::text)::"pg_catalog"."json") then true else ('usher-word:skipped:0' || coalesce(left(("~x")::text, 0), ''))::bool end) as "~i")

-- $1  rows 0
-- $2  step 0.2

-- insert_article: insert public.comment
with "~w" as (insert into "public"."comment" as "~t1" ("writer", "body", "article_id") select ("~r"."writer")::"pg_catalog"."text", ("~r"."body")::"pg_catalog"."text", ("~p0"."id")::"pg_catalog"."int4"
  from rows
  from (json_to_recordset(($1::text)::"pg_catalog"."json") as ("writer" text, "body" text, "~p" int)) with ordinality as "~r"("writer", "body", "~p", "~o") left join json_to_recordset(($2::text)::"pg_catalog"."json") as "~p0"("id" text, "~o" int) on "~p0"."~o" = "~r"."~p"
  where case when "~r"."~p" is null or "~p0"."~o" is not null then true else ('usher-word:missing:0' || coalesce(left(("~r"."~p")::text, 0), ''))::bool end
  order by "~r"."~o"
  returning true as "~ok") select null::json, (select count(*)
  from "~w")

-- $1  rows 2
-- $2  step 1.2

-- insert_article: read back
select row_to_json((select "~e"
    from (select ($1::text)::"pg_catalog"."int8" as "affected_rows", (select coalesce(json_agg(row_to_json("~t2")), '[]')
        from (select "~t1"."title" as "title", (select row_to_json("~t4")
            from (select "~t3"."name" as "name"
              from "public"."author" as "~t3"
              where "~t3"."id" = "~t1"."author_id"
              limit 1) as "~t4") as "author", (select coalesce(json_agg(row_to_json("~t6")), '[]')
            from (select "~t5"."body" as "body"
              from "public"."comment" as "~t5"
              where "~t5"."article_id" = "~t1"."id") as "~t6") as "comments"
          from (select *
            from (select ("~t7"."id")::"pg_catalog"."int4" as "id", ("~t7"."author_id")::"pg_catalog"."int4" as "author_id", ("~t7"."title")::"pg_catalog"."text" as "title", "~o"
              from json_to_recordset(($2::text)::"pg_catalog"."json") as "~t7"("id" text, "author_id" text, "title" text, "~o" int)) as "~t8"
            order by "~o") as "~t1") as "~t2") as "returning") as "~e")), 0::int8

-- $1  step -1.0
-- $2  step 1.2
