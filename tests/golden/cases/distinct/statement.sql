select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."author_id" as "author_id", "~t2"."title" as "title") as "~e"))
      order by "~t2"."author_id", "~t2"."~k1" desc nulls last), '[]')
  from (select distinct on ("~t1"."author_id") "~t1"."author_id" as "author_id", "~t1"."title" as "title", "~t1"."rating" as "~k1"
    from "public"."article" as "~t1"
    order by "~t1"."author_id", "~t1"."rating" desc nulls last) as "~t2")
