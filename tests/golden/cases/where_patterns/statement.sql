select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."name" as "name", "~t2"."email" as "email") as "~e"))
      order by "~t2"."~k0"), '[]')
  from (select "~t1"."name" as "name", "~t1"."email" as "email", "~t1"."id" as "~k0"
    from "public"."author" as "~t1"
    where ("~t1"."name" ~~ ($1::text)::"pg_catalog"."text") and ("~t1"."name" !~ ($2::text)::"pg_catalog"."text") and ("~t1"."email" operator("public".~) pg_catalog.similar_to_escape(($3::text)::"public"."citext"))
    order by "~t1"."id") as "~t2")

-- $1  variable like  (a pattern, tried first)
-- $2  literal '^B'  (a pattern, tried first)
-- $3  literal '%@example.com'  (a pattern, tried first)
