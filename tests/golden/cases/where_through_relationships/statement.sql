select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."name" as "name") as "~e"))
      order by "~t2"."~k0"), '[]')
  from (select "~t1"."name" as "name", "~t1"."id" as "~k0"
    from "public"."author" as "~t1"
    where exists (select 1
      from "public"."article" as "~t3"
      where "~t3"."author_id" = "~t1"."id" and exists (select 1
        from "public"."article_tag" as "~t4"
        where "~t4"."article_id" = "~t3"."id" and exists (select 1
          from "public"."tag" as "~t5"
          where "~t5"."id" = "~t4"."tag_id" and ("~t5"."name" = ($1::text)::"pg_catalog"."text"))))
    order by "~t1"."id") as "~t2")

-- $1  literal 'history'
