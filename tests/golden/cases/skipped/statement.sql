select (select row_to_json("~t2")
  from (select "~t1"."name" as "name"
    from "public"."tag" as "~t1"
    where ("~t1"."id" = ($1::text)::"pg_catalog"."int2")
    limit 1) as "~t2")

-- $1  literal '1'
