select (select coalesce(json_agg(row_to_json("~t2")
      order by "~t2"."id"), '[]')
  from (select "~t1"."id" as "id", (select coalesce(json_agg(row_to_json((select "~e"
              from (select "~t4"."quantity" as "quantity") as "~e"))
          order by "~t4"."~k0"), '[]')
      from (select "~t3"."quantity" as "quantity", "~t3"."position" as "~k0"
        from "public"."purchase_line" as "~t3"
        where "~t3"."purchase_id" = "~t1"."id" and exists (select 1
          from "public"."purchase" as "~t5"
          where "~t5"."id" = "~t3"."purchase_id" and ("public"."purchase_total"("~t5".*) < ($1::text)::"pg_catalog"."numeric"))
        order by "~t3"."position") as "~t4") as "lines"
    from "public"."purchase" as "~t1"
    where ("public"."purchase_total"("~t1".*) > ($2::text)::"pg_catalog"."numeric")
    order by "~t1"."id") as "~t2")

-- $1  literal '100'
-- $2  literal '20'
