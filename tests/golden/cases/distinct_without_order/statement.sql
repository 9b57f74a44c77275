select (select coalesce(json_agg(row_to_json("~t2")
      order by "~t2"."state"), '[]')
  from (select distinct on ("~t1"."state") "~t1"."state" as "state"
    from "public"."article" as "~t1"
    order by "~t1"."state") as "~t2")
