-- insert_article_one: insert public.article
with "~w" as (insert into "public"."article" as "~t1" ("id", "title", "state", "author_id", "views") select ("~r"."id")::"pg_catalog"."int4", ("~r"."title")::"pg_catalog"."text", ("~r"."state")::"public"."article_state", ($1::text)::"pg_catalog"."int4", ($2::text)::"pg_catalog"."int8"
  from rows
  from (json_to_recordset(($3::text)::"pg_catalog"."json") as ("id" text, "title" text, "state" text)) with ordinality as "~r"("id", "title", "state", "~o")
  order by "~r"."~o"
  returning "~t1"."id" as "id", "~t1"."title" as "title", case when coalesce(exists (select 1
      from "public"."author" as "~t2"
      where "~t2"."id" = "~t1"."author_id" and ("~t2"."is_active" = ($4::text)::"pg_catalog"."bool")), false) then true else ('usher-word:check:0' || coalesce(left(("~t1")::text, 0), ''))::bool end as "~ok", coalesce(("~t1"."state" = ($5::text)::"public"."article_state"), false) as "~v") select null::json, (select count(*)
  from "~w"), (select json_agg(row_to_json("~i"))::text
  from (select ("~x"."id")::text as "id", ("~x"."title")::text as "title", row_number() over () - 1 as "~o", "~v" as "~v"
    from "~w" as "~x"
    where case when (select count(*)
      from "~w") = json_array_length(($3::text)::"pg_catalog"."json") then true else ('usher-word:skipped:0' || coalesce(left(("~x")::text, 0), ''))::bool end) as "~i")

-- $1  session x-hasura-author-id
-- $2  literal '1'
-- $3  rows 0
-- $4  literal 'true'
-- $5  literal 'published'

-- insert_article_one: insert public.comment
with "~w" as (insert into "public"."comment" as "~t1" ("body", "article_id", "writer") select ("~r"."body")::"pg_catalog"."text", ("~p0"."id")::"pg_catalog"."int4", ($1::text)::"pg_catalog"."text"
  from rows
  from (json_to_recordset(($2::text)::"pg_catalog"."json") as ("body" text, "~p" int)) with ordinality as "~r"("body", "~p", "~o") left join json_to_recordset(($3::text)::"pg_catalog"."json") as "~p0"("id" text, "~o" int) on "~p0"."~o" = "~r"."~p"
  where case when "~r"."~p" is null or "~p0"."~o" is not null then true else ('usher-word:missing:0' || coalesce(left(("~r"."~p")::text, 0), ''))::bool end
  order by "~r"."~o"
  returning case when coalesce(("~t1"."body" <> ($4::text)::"pg_catalog"."text"), false) then true else ('usher-word:check:1' || coalesce(left(("~t1")::text, 0), ''))::bool end as "~ok") select null::json, (select count(*)
  from "~w")

-- $1  session x-hasura-name
-- $2  rows 1
-- $3  step 0.2
-- $4  literal ''

-- insert_article_one: read back
select (select row_to_json("~t5")
  from (select "~t1"."title" as "title", (select coalesce(json_agg(row_to_json("~t3")), '[]')
      from (select "~t2"."body" as "body"
        from "public"."comment" as "~t2"
        where "~t2"."article_id" = "~t1"."id" and exists (select 1
          from "public"."article" as "~t4"
          where "~t4"."id" = "~t2"."article_id" and ("~t4"."state" = ($1::text)::"public"."article_state"))) as "~t3") as "comments"
    from (select *
      from (select ("~t6"."id")::"pg_catalog"."int4" as "id", ("~t6"."title")::"pg_catalog"."text" as "title", ("~t6"."state")::"public"."article_state" as "state", "~o", "~v"
        from json_to_recordset(($2::text)::"pg_catalog"."json") as "~t6"("id" text, "title" text, "state" text, "~o" int, "~v" bool)) as "~t7"
      where "~v"
      order by "~o") as "~t1"
    limit 1) as "~t5"), 0::int8

-- $1  literal 'published'
-- $2  step 0.2
