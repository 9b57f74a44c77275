select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."id" as "id") as "~e"))
      order by "~t2"."~k0" desc, "~t2"."id"), '[]')
  from (select "~t1"."id" as "id", "public"."purchase_total"("~t1".*) as "~k0"
    from "public"."purchase" as "~t1"
    where ("~t1"."status" <> ($1::text)::"pg_catalog"."text") and (((case when ("~t1"."status" <> ($1::text)::"pg_catalog"."text") then "public"."purchase_total"("~t1".*) end) > ($2::text)::"pg_catalog"."numeric") or ((case when ("~t1"."status" <> ($1::text)::"pg_catalog"."text") then "public"."purchase_total"("~t1".*) end) is null))
    order by "~k0" desc, "~t1"."id") as "~t2"), (select json_build_object('aggregate', json_build_object('count', "pg_catalog"."count"(*), 'sum', json_build_object('total', "pg_catalog"."sum"("public"."purchase_total"("~t3".*)))))
  from "public"."purchase" as "~t3"
  where ("~t3"."status" <> ($1::text)::"pg_catalog"."text") and ((case when ("~t3"."status" <> ($1::text)::"pg_catalog"."text") then "public"."purchase_total"("~t3".*) end) > ($3::text)::"pg_catalog"."numeric"))

-- $1  literal 'cancelled'
-- $2  literal '10'
-- $3  literal '0'
