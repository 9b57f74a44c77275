select (select row_to_json("~t2")
  from (select "~t1"."name" as "name"
    from "public"."tag" as "~t1"
    where ("~t1"."id" = ($1::text)::"pg_catalog"."int2")
    limit 1) as "~t2"), (select json_build_object('aggregate', json_build_object('count', "pg_catalog"."count"(*)))
  from "public"."tag" as "~t3"), (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t5"."name" as "name") as "~e"))
      order by "~t5"."~k0" desc), '[]')
  from (select "~t4"."name" as "name", "~t4"."id" as "~k0"
    from "public"."tag" as "~t4"
    order by "~t4"."id" desc
    limit ($2::text)::"pg_catalog"."int8") as "~t5")

-- $1  literal '1'
-- $2  literal '1'
