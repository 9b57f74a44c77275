select (select coalesce(json_agg(row_to_json("~t2")
      order by "~t2"."id"), '[]')
  from (select "~t1"."id" as "id"
    from "public"."author" as "~t1"
    where (("~t1"."id" = ($1::text)::"pg_catalog"."int4") or exists (select 1
        from "public"."article" as "~t3"
        where "~t3"."author_id" = "~t1"."id" and ("~t3"."title" ~~ ($2::text)::"pg_catalog"."text")))
    order by "~t1"."id") as "~t2")

-- $1  variable where._or.0.id._eq
-- $2  variable where._or.1.articles.title._like  (a pattern, tried first)
