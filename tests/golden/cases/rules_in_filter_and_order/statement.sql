select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."name" as "name") as "~e"))
      order by "~t2"."~k0" desc, "~t2"."~k1"), '[]')
  from (select "~t1"."name" as "name", (select "pg_catalog"."count"(*)
      from "public"."article" as "~t3"
      where "~t3"."author_id" = "~t1"."id" and (("~t3"."state" = ($1::text)::"public"."article_state") or exists (select 1
          from "public"."author" as "~t4"
          where "~t4"."id" = "~t3"."author_id" and ("~t4"."id" = ($2::text)::"pg_catalog"."int4")))) as "~k0", "~t1"."id" as "~k1"
    from "public"."author" as "~t1"
    where ("~t1"."is_active" = ($3::text)::"pg_catalog"."bool") and exists (select 1
      from "public"."article" as "~t5"
      where "~t5"."author_id" = "~t1"."id" and (("~t5"."state" = ($1::text)::"public"."article_state") or exists (select 1
          from "public"."author" as "~t6"
          where "~t6"."id" = "~t5"."author_id" and ("~t6"."id" = ($2::text)::"pg_catalog"."int4"))) and ("~t5"."rating" > ($4::text)::"pg_catalog"."numeric"))
    order by "~k0" desc, "~t1"."id"
    limit 3) as "~t2")

-- $1  literal 'published'
-- $2  session x-hasura-author-id
-- $3  literal 'true'
-- $4  literal '4'
