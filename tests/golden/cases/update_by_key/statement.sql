-- update_author_by_pk: update public.author
with "~w" as (update "public"."author" as "~t1"
  set "name" = ($1::text)::"pg_catalog"."text", "settings" = "~t1"."settings" #- ($2::text)::"pg_catalog"."text"[]
  where ("~t1"."id" = ($3::text)::"pg_catalog"."int4")
  returning "~t1"."name" as "name", "~t1"."settings" as "settings", true as "~ok") select (select row_to_json("~t3")
  from (select "~t2"."name" as "name", "~t2"."settings" as "settings"
    from (select *
      from "~w") as "~t2"
    limit 1) as "~t3"), (select count(*)
  from "~w")

-- $1  literal 'Ada L.'
-- $2  literal '{"limits"}'
-- $3  literal '1'
