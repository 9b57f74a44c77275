select (select coalesce(json_agg(row_to_json("~t2")), '[]')
  from (select "~t1"."id" as "id", "~t1"."name" as "name"
    from "public"."tag" as "~t1") as "~t2")
