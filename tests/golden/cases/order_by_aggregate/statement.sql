select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."name" as "name") as "~e"))
      order by "~t2"."~k0" desc, "~t2"."~k1"), '[]')
  from (select "~t1"."name" as "name", (select "pg_catalog"."count"(*)
      from "public"."article" as "~t3"
      where "~t3"."author_id" = "~t1"."id") as "~k0", (select "pg_catalog"."max"("~t4"."rating")
      from "public"."article" as "~t4"
      where "~t4"."author_id" = "~t1"."id") as "~k1"
    from "public"."author" as "~t1"
    order by "~k0" desc, "~k1") as "~t2")
