select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."name" as "name", "~t2"."price" as "price") as "~e"))
      order by "~t2"."~k0"), '[]')
  from (select "~t1"."name" as "name", "~t1"."price" as "price", "~t1"."id" as "~k0"
    from "public"."product" as "~t1"
    where ("~t1"."price" > "~t1"."in_stock") and exists (select 1
      from "public"."customer" as "~t3"
      where ("~t3"."name" = ($1::text)::"pg_catalog"."text"))
    order by "~t1"."id") as "~t2")

-- $1  session x-hasura-name
