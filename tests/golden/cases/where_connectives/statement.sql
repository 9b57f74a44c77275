select (select coalesce(json_agg(row_to_json("~t2")
      order by "~t2"."id"), '[]')
  from (select "~t1"."id" as "id"
    from "public"."article" as "~t1"
    where (("~t1"."id" = any (($1::text)::"pg_catalog"."int4"[])) or (not (("~t1"."state" <> ($2::text)::"public"."article_state") and ("~t1"."rating" is not null))) or ("~t1"."title" ~~* ($3::text)::"pg_catalog"."text"))
    order by "~t1"."id") as "~t2")

-- $1  variable ids
-- $2  literal 'draft'
-- $3  literal 'i%'  (a pattern, tried first)
