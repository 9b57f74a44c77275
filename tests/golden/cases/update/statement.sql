-- update_article: update public.article
with "~w" as (update "public"."article" as "~t1"
  set "rating" = null, "body" = ($1::text)::"pg_catalog"."text", "views" = "~t1"."views" + ($2::text)::"pg_catalog"."int8", "meta" = "~t1"."meta" || ($3::text)::"pg_catalog"."jsonb"
  where exists (select 1
    from "public"."author" as "~t2"
    where "~t2"."id" = "~t1"."author_id" and ("~t2"."id" = ($4::text)::"pg_catalog"."int4"))
  returning "~t1"."id" as "id", "~t1"."views" as "views", "~t1"."length" as "length", true as "~ok") select row_to_json((select "~e"
    from (select (select count(*)
        from "~w") as "affected_rows", (select coalesce(json_agg(row_to_json("~t4")), '[]')
        from (select "~t3"."id" as "id", "~t3"."views" as "views", "~t3"."length" as "length"
          from (select *
            from "~w") as "~t3") as "~t4") as "returning") as "~e")), (select count(*)
  from "~w")

-- $1  literal 'x'
-- $2  literal '1'
-- $3  variable meta
-- $4  variable id
