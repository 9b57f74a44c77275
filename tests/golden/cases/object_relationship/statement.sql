select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."name" as "name", "~t2"."mentor" as "mentor") as "~e"))
      order by "~t2"."~k0"), '[]')
  from (select "~t1"."name" as "name", (select row_to_json("~t6")
      from (select "~t3"."name" as "name", (select row_to_json("~t5")
          from (select "~t4"."name" as "name"
            from "public"."author" as "~t4"
            where "~t4"."id" = "~t3"."mentor_id"
            limit 1) as "~t5") as "mentor"
        from "public"."author" as "~t3"
        where "~t3"."id" = "~t1"."mentor_id"
        limit 1) as "~t6") as "mentor", "~t1"."id" as "~k0"
    from "public"."author" as "~t1"
    order by "~t1"."id") as "~t2")
