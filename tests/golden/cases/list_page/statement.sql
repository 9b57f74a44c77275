select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."title" as "title", "~t2"."rating" as "rating") as "~e"))
      order by "~t2"."rating" desc nulls last, "~t2"."~k1"), '[]')
  from (select "~t1"."title" as "title", "~t1"."rating" as "rating", "~t1"."id" as "~k1"
    from "public"."article" as "~t1"
    order by "~t1"."rating" desc nulls last, "~t1"."id"
    limit ($1::text)::"pg_catalog"."int8" offset ($2::text)::"pg_catalog"."int8") as "~t2")

-- $1  variable limit
-- $2  literal '1'
