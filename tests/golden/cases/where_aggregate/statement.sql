select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."name" as "name") as "~e"))
      order by "~t2"."~k0"), '[]')
  from (select "~t1"."name" as "name", "~t1"."id" as "~k0"
    from "public"."author" as "~t1"
    where (((select "pg_catalog"."count"(distinct "~t3"."state")
          from "public"."article" as "~t3"
          where "~t3"."author_id" = "~t1"."id" and ("~t3"."views" > ($1::text)::"pg_catalog"."int8")) >= ($2::text)::"pg_catalog"."int4") and ((select "pg_catalog"."count"(distinct "~t3"."state")
          from "public"."article" as "~t3"
          where "~t3"."author_id" = "~t1"."id" and ("~t3"."views" > ($1::text)::"pg_catalog"."int8")) < ($3::text)::"pg_catalog"."int4"))
    order by "~t1"."id") as "~t2")

-- $1  literal '0'
-- $2  literal '1'
-- $3  literal '3'
