select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."name" as "name") as "~e"))
      order by "~t2"."~k0"), '[]')
  from (select "~t1"."name" as "name", "~t1"."id" as "~k0"
    from "public"."author" as "~t1"
    where ("~t1"."is_active" = ($1::text)::"pg_catalog"."bool") and (((select "pg_catalog"."count"(*)
          from "public"."article" as "~t3"
          where "~t3"."author_id" = "~t1"."id" and (("~t3"."state" = ($2::text)::"public"."article_state") or exists (select 1
              from "public"."author" as "~t4"
              where "~t4"."id" = "~t3"."author_id" and ("~t4"."id" = ($3::text)::"pg_catalog"."int4")))) = ($4::text)::"pg_catalog"."int4"))
    order by "~t1"."id"
    limit 3) as "~t2")

-- $1  literal 'true'
-- $2  literal 'published'
-- $3  session x-hasura-author-id
-- $4  literal '1'
