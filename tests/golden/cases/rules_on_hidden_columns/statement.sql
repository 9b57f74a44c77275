select (select coalesce(json_agg(row_to_json("~t2")
      order by "~t2"."id"), '[]')
  from (select "~t1"."id" as "id", (select json_build_object('aggregate', json_build_object('count', "pg_catalog"."count"(*)))
      from "public"."purchase_line" as "~t3"
      where "~t3"."purchase_id" = "~t1"."id" and exists (select 1
        from "public"."purchase" as "~t4"
        where "~t4"."id" = "~t3"."purchase_id" and (not ("~t4"."status" = any (($1::text)::"pg_catalog"."text"[]))))) as "purchase_lines_aggregate"
    from "public"."purchase" as "~t1"
    where ("~t1"."customer_id" = ($2::text)::"pg_catalog"."uuid")
    order by "~t1"."id") as "~t2")

-- $1  literal '{"sent"}'
-- $2  session x-hasura-customer-id
