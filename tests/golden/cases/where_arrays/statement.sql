select (select coalesce(json_agg(row_to_json("~t2")), '[]')
  from (select "~t1"."id" as "id", "~t1"."keywords" as "keywords"
    from "public"."article" as "~t1"
    where ("~t1"."keywords" @> ($1::text)::"pg_catalog"."_text") and (not (("~t1"."keywords" = ($2::text)::"pg_catalog"."_text") or ("~t1"."keywords" = ($3::text)::"pg_catalog"."_text")))) as "~t2")

-- $1  literal '{"metal"}'
-- $2  literal '{"metal"}'
-- $3  literal '{}'
