select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."name" as "name", "~t2"."articles" as "articles") as "~e"))
      order by "~t2"."~k0"), '[]')
  from (select "~t1"."name" as "name", (select coalesce(json_agg(row_to_json((select "~e"
              from (select "~t4"."title" as "title") as "~e"))
          order by "~t4"."~k0" desc), '[]')
      from (select "~t3"."title" as "title", "~t3"."views" as "~k0"
        from "public"."article" as "~t3"
        where "~t3"."author_id" = "~t1"."id" and ("~t3"."state" = ($1::text)::"public"."article_state")
        order by "~t3"."views" desc
        limit ($2::text)::"pg_catalog"."int8") as "~t4") as "articles", "~t1"."id" as "~k0"
    from "public"."author" as "~t1"
    order by "~t1"."id") as "~t2")

-- $1  literal 'published'
-- $2  literal '1'
