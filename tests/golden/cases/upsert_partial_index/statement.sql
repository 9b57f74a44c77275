-- insert_article: insert public.article
with "~w" as (insert into "public"."article" as "~t1" ("id", "author_id", "title", "state", "rating") select ("~r"."id")::"pg_catalog"."int4", ("~r"."author_id")::"pg_catalog"."int4", ("~r"."title")::"pg_catalog"."text", ("~r"."state")::"public"."article_state", ("~r"."rating")::"pg_catalog"."numeric"
  from rows
  from (json_to_recordset(($1::text)::"pg_catalog"."json") as ("id" text, "author_id" text, "title" text, "state" text, "rating" text)) with ordinality as "~r"("id", "author_id", "title", "state", "rating", "~o")
  order by "~r"."~o"
  on conflict ((lower(title)))
  where ((state = 'published'::public.article_state)) do update
  set "rating" = excluded."rating"
  where ("~t1"."views" > ($2::text)::"pg_catalog"."int8")
  returning with (old as "~old") "~t1"."id" as "id", "~t1"."rating" as "rating", true as "~ok") select row_to_json((select "~e"
    from (select (select coalesce(json_agg(row_to_json("~t3")), '[]')
        from (select "~t2"."id" as "id", "~t2"."rating" as "rating"
          from (select *
            from "~w") as "~t2") as "~t3") as "returning") as "~e")), (select count(*)
  from "~w")

-- $1  rows 0
-- $2  literal '100'
