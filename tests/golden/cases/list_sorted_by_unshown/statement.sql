select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."name" as "name") as "~e"))
      order by "~t2"."~k0"), '[]')
  from (select "~t1"."name" as "name", "~t1"."born" as "~k0"
    from "public"."author" as "~t1"
    order by "~t1"."born") as "~t2")
