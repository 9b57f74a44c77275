select (select coalesce(json_agg(row_to_json("~t2")
      order by "~t2"."id"), '[]')
  from (select "~t1"."id" as "id", "~t1"."status" as "status"
    from "public"."purchase" as "~t1"
    where ("~t1"."status" = any (($1::text)::"pg_catalog"."text"[]))
    order by "~t1"."id") as "~t2")

-- $1  literal '{"paid","sent"}'
