select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."title" as "title") as "~e"))
      order by "~t2"."~k0" nulls first, "~t2"."~k1"), '[]')
  from (select "~t1"."title" as "title", (select (select "~t4"."name"
        from "public"."author" as "~t4"
        where "~t4"."id" = "~t3"."mentor_id"
        limit 1)
      from "public"."author" as "~t3"
      where "~t3"."id" = "~t1"."author_id"
      limit 1) as "~k0", "~t1"."id" as "~k1"
    from "public"."article" as "~t1"
    order by "~k0" nulls first, "~t1"."id") as "~t2")
