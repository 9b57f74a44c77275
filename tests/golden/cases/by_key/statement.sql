select (select row_to_json("~t2")
  from (select "~t1"."weight" as "weight"
    from "public"."article_tag" as "~t1"
    where ("~t1"."article_id" = ($1::text)::"pg_catalog"."int4") and ("~t1"."tag_id" = ($2::text)::"pg_catalog"."int2")
    limit 1) as "~t2")

-- $1  variable article
-- $2  literal '3'
