-- insert_article: insert public.article
with "~in" as materialized (select *, (char_length(body)) as "length"
  from (select "~r"."~o" - 1 as "~o", (("~r"."id")::"pg_catalog"."int4")::"pg_catalog"."int4" as "id", (("~r"."title")::"pg_catalog"."text")::"pg_catalog"."text" as "title", (case when "~r"."~~2" then ('draft'::public.article_state) else ("~r"."~2")::"public"."article_state" end)::"public"."article_state" as "state", (($1::text)::"pg_catalog"."int4")::"pg_catalog"."int4" as "author_id", (($2::text)::"pg_catalog"."int8")::"pg_catalog"."int8" as "views", ((''::text))::"pg_catalog"."text" as "body", ((null)::"pg_catalog"."numeric")::"pg_catalog"."numeric" as "rating", (('{}'::text[]))::"pg_catalog"."_text" as "keywords", ((null)::"pg_catalog"."jsonb")::"pg_catalog"."jsonb" as "meta", ((null)::"pg_catalog"."timestamptz")::"pg_catalog"."timestamptz" as "published_at", ((null)::"pg_catalog"."interval")::"pg_catalog"."interval" as "reading_time"
    from rows
    from (json_to_recordset(($3::text)::"pg_catalog"."json") as ("id" text, "title" text, "~2" text, "~~2" bool)) with ordinality as "~r"("id", "title", "~2", "~~2", "~o")) as "~g"), "~w" as (insert into "public"."article" as "~t1" ("id", "title", "state", "author_id", "views", "body", "rating", "keywords", "meta", "published_at", "reading_time") select "id", "title", "state", "author_id", "views", "body", "rating", "keywords", "meta", "published_at", "reading_time"
  from "~in"
  order by "~o"
  on conflict ("id") do update
  set "title" = excluded."title", "published_at" = (now())
  where ("~t1"."author_id" = ($1::text)::"pg_catalog"."int4")
  returning "~t1"."id" as "id", "~t1"."title" as "title", case when ("~t1".xmax = 0) then case when coalesce(exists (select 1
      from "public"."author" as "~t2"
      where "~t2"."id" = "~t1"."author_id" and ("~t2"."is_active" = ($4::text)::"pg_catalog"."bool")), false) then true else ('usher-word:check:0' || coalesce(left(("~t1")::text, 0), ''))::bool end else case when coalesce(("~t1"."state" <> ($5::text)::"public"."article_state"), false) then true else ('usher-word:check:1' || coalesce(left(("~t1")::text, 0), ''))::bool end end as "~ok", coalesce(("~t1"."state" = ($6::text)::"public"."article_state"), false) as "~v", not ("~t1".xmax = 0) as "~u"), "~ir" as (select *, row_number() over (partition by "~free"
    order by "~o") as "~rank"
  from (select *, "id" as "~k0", ("id" is null) as "~free"
    from "~in") as "~i"), "~wr" as (select *, row_number() over (partition by "~free"
    order by "~seq") as "~rank"
  from (select "~n".*, row_number() over () as "~seq", "~m".*
    from "~w" as "~n", lateral (select "id" as "~k0", ("id" is null) as "~free" ) as "~m") as "~i") select row_to_json((select "~e"
    from (select (select count(*)
        from "~w") as "affected_rows", (select coalesce(json_agg(row_to_json("~t4")), '[]')
        from (select "~t3"."id" as "id", "~t3"."title" as "title"
          from (select *
            from "~w"
            where "~v") as "~t3") as "~t4") as "returning") as "~e")), (select count(*)
  from "~w"), (select json_agg(row_to_json("~i"))::text
  from (select ("~x"."id")::text as "id", ("~x"."title")::text as "title", "~o" as "~o", "~first" as "~first", "~v" as "~v", "~u" as "~u"
    from (select i."~o", (i."~free" or row_number() over (partition by i."~k0"
          order by i."~o") = 1) as "~first", w.*
      from "~ir" as i join "~wr" as w on i."~k0" = w."~k0"
      where not i."~free" and not w."~free" union all select i."~o", (i."~free" or row_number() over (partition by i."~k0"
          order by i."~o") = 1) as "~first", w.*
      from "~ir" as i join "~wr" as w on i."~rank" = w."~rank"
      where i."~free" and w."~free" and case when (select count(*)
        from "~ir"
        where "~free") = (select count(*)
        from "~wr"
        where "~free") then true else ('usher-word:skipped:0' || coalesce(left((w)::text, 0), ''))::bool end) as "~x") as "~i")

-- $1  session x-hasura-author-id
-- $2  literal '1'
-- $3  rows 0
-- $4  literal 'true'
-- $5  literal 'review'
-- $6  literal 'published'

-- insert_article: recheck
with "~c" as materialized (select case "~t2"."~u" when true then case when coalesce(("~t1"."state" <> ($1::text)::"public"."article_state"), false) then true else ('usher-word:check:1' || coalesce(left(("~t1")::text, 0), ''))::bool end when false then true else (true and case when coalesce(("~t1"."state" <> ($1::text)::"public"."article_state"), false) then true else ('usher-word:check:1' || coalesce(left(("~t1")::text, 0), ''))::bool end) end as "~ok"
  from "public"."article" as "~t1" join json_to_recordset(($2::text)::"pg_catalog"."json") as "~t2"("id" text, "~o" int, "~u" bool) on "~t1"."id" = ("~t2"."id")::"pg_catalog"."int4") select null::json, (select count("~ok")
  from "~c")

-- $1  literal 'review'
-- $2  step 0.2
