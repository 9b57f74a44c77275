-- update_tag_many: update public.tag
with "~w" as (update "public"."tag" as "~t1"
  set "name" = ($1::text)::"pg_catalog"."text"
  where ("~t1"."id" = ($2::text)::"pg_catalog"."int2")
  returning "~t1"."id" as "id", "~t1"."name" as "name", true as "~ok") select row_to_json((select "~e"
    from (select (select coalesce(json_agg(row_to_json("~t3")), '[]')
        from (select "~t2"."id" as "id", "~t2"."name" as "name"
          from (select *
            from "~w") as "~t2") as "~t3") as "returning") as "~e")), (select count(*)
  from "~w")

-- $1  literal 'spare'
-- $2  literal '4'

-- update_tag_many: update public.tag
with "~w" as (update "public"."tag" as "~t1"
  set "id" = "~t1"."id" + ($1::text)::"pg_catalog"."int2"
  where ("~t1"."name" = ($2::text)::"pg_catalog"."text")
  returning "~t1"."id" as "id", "~t1"."name" as "name", true as "~ok") select row_to_json((select "~e"
    from (select (select coalesce(json_agg(row_to_json("~t3")), '[]')
        from (select "~t2"."id" as "id", "~t2"."name" as "name"
          from (select *
            from "~w") as "~t2") as "~t3") as "returning") as "~e")), (select count(*)
  from "~w")

-- $1  literal '10'
-- $2  literal 'spare'
