select (select json_build_object('aggregate', json_build_object('count', "pg_catalog"."count"(*)), 'nodes', coalesce(json_agg(row_to_json((select "~e"
            from (select "~t2"."author_id" as "author_id", "~t2"."title" as "title") as "~e"))
        order by "~t2"."~k0", "~t2"."~k1" desc), '[]'))
  from (select distinct on ("~t1"."author_id") "~t1"."author_id" as "author_id", "~t1"."title" as "title", "~t1"."author_id" as "~k0", "~t1"."views" as "~k1"
    from "public"."article" as "~t1"
    order by "~t1"."author_id", "~t1"."views" desc) as "~t2")
