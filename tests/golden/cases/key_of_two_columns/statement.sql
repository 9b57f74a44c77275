select (select row_to_json("~t6")
  from (select (select coalesce(json_agg(row_to_json((select "~e"
              from (select "~t3"."quantity" as "quantity", "~t3"."product" as "product") as "~e"))
          order by "~t3"."~k0"), '[]')
      from (select "~t2"."quantity" as "quantity", (select row_to_json("~t5")
          from (select "~t4"."name" as "name", "~t4"."price" as "price"
            from "public"."product" as "~t4"
            where "~t4"."id" = "~t2"."product_id"
            limit 1) as "~t5") as "product", "~t2"."position" as "~k0"
        from "public"."purchase_line" as "~t2"
        where "~t2"."purchase_id" = "~t1"."id"
        order by "~t2"."position") as "~t3") as "purchase_lines"
    from "public"."purchase" as "~t1"
    where ("~t1"."id" = ($1::text)::"pg_catalog"."int4")
    limit 1) as "~t6")

-- $1  literal '1'
