select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."name" as "name", "~t2"."article_tags" as "article_tags") as "~e"))
      order by "~t2"."~k0"), '[]')
  from (select "~t1"."name" as "name", (select coalesce(json_agg(row_to_json((select "~e"
              from (select "~t4"."article" as "article") as "~e"))
          order by "~t4"."~k0"), '[]')
      from (select (select row_to_json("~t6")
          from (select "~t5"."title" as "title"
            from "public"."article" as "~t5"
            where "~t5"."id" = "~t3"."article_id"
            limit 1) as "~t6") as "article", "~t3"."article_id" as "~k0"
        from "public"."article_tag" as "~t3"
        where "~t3"."tag_id" = "~t1"."id"
        order by "~t3"."article_id") as "~t4") as "article_tags", "~t1"."id" as "~k0"
    from "public"."tag" as "~t1"
    where ("~t1"."id" < ($1::text)::"pg_catalog"."int2")
    order by "~t1"."id") as "~t2")

-- $1  literal '3'
